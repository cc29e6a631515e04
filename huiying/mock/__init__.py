"""``huiying mock``: the real system with a fictional data set, so that a front end can be built before there is data.

The story is data (`events`, `people`, `sites`) and short scripts (`cases`); `story` plays them through the public API,
and `life` goes on afterwards. People and media are marked 示例, villages are invented; nothing is from any data set.
"""
