"""Tables of analysis. Posts, events and what leads from one to the other; topics.

Rows are written by the tracker in batches. Association tables carry the time, so that lists filtered by topic or place
are read off one index. They have no foreign keys: posts and events are never deleted.
"""

from services.analysis.models.base import Base, table
from services.analysis.models.buckets import EventDay, EventHour, TrendDay, TrendHour
from services.analysis.models.concerns import PostConcern
from services.analysis.models.events import Event, EventPlace, EventSource, EventTopic, EventVoice
from services.analysis.models.exports import Export, ExportChunk
from services.analysis.models.posts import EarlyRecount, Post, PostPlace, PostTopic
from services.analysis.models.search import SearchIndex
from services.analysis.models.stories import HandDecision, StoryVector, TrackerPartition
from services.analysis.models.topics import Topic, TopicRevision

__all__ = [
    "Base",
    "EarlyRecount",
    "Event",
    "EventDay",
    "EventHour",
    "EventPlace",
    "EventSource",
    "EventTopic",
    "EventVoice",
    "Export",
    "ExportChunk",
    "HandDecision",
    "Post",
    "PostConcern",
    "PostPlace",
    "PostTopic",
    "SearchIndex",
    "StoryVector",
    "Topic",
    "TopicRevision",
    "TrackerPartition",
    "TrendDay",
    "TrendHour",
    "table",
]
