"""The query language of topics and of searching (docs/topics.md).

    expression  := conjunction ( OR conjunction )*
    conjunction := factor ( [AND] factor )*               words side by side must all occur
    factor      := NOT factor | operand [ near/N operand ]
    operand     := word | "a phrase" | "(" expression ")" | field ":" operand

Operators are AND OR NOT in any case, ``& | !``, or 且 或 非 standing alone between spaces, brackets or quotes; inside a
word they are part of it (或者, 非法). near/N (近/N) binds tightest, then NOT, AND, OR. Fields are title (标题), place
(地点) and channel (渠道). Full-width letters, brackets, colons and quotes count as their plain forms; 「」『』“” quote
too. A word is found where its folded form occurs in the folded text.
"""

from services.analysis.enrich.query.errors import QueryError
from services.analysis.enrich.query.evaluation import Reading, holds, selects_everything
from services.analysis.enrich.query.lexer import MAX_DISTANCE, MAX_LENGTH
from services.analysis.enrich.query.parser import MAX_DEPTH, MAX_TERMS, parse
from services.analysis.enrich.query.tree import And, In, Near, Node, Not, Or, Place, Term, Title, terms
from services.analysis.enrich.query.writing import write

__all__ = [
    "MAX_DEPTH",
    "MAX_DISTANCE",
    "MAX_LENGTH",
    "MAX_TERMS",
    "And",
    "In",
    "Near",
    "Node",
    "Not",
    "Or",
    "Place",
    "QueryError",
    "Reading",
    "Term",
    "Title",
    "holds",
    "parse",
    "selects_everything",
    "terms",
    "write",
]
