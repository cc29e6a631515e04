"""What the columns of files of posts are called, in Chinese and in English, by the field of a post that they fill."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


#: The better name first: of 正文 and 摘要 in one file, 正文 is the text. Without case, white space and punctuation.
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "text": _words(
        """
        text content body fulltext maintext articlecontent postcontent postbody message tweet 正文 全文 微博正文
        微博内容 博文 博文内容 文章正文 正文内容 全文内容 文章内容 帖子内容 帖文内容 发布内容 发文内容 发帖内容
        信息内容 新闻内容 视频文案 文案 内容 文本 原文 原文内容 原始内容 舆情内容 留言内容 评论内容 回复内容
        诉求内容 反映内容 诉求 留言 详情 内容详情 description desc summary abstract digest excerpt snippet 摘要
        内容摘要 文章摘要 简介 视频简介 内容提要 主要内容 概要 描述
        """
    ),
    "title": _words(
        """
        title headline subject articletitle posttitle 标题 文章标题 新闻标题 信息标题 帖子标题 视频标题 作品标题
        留言标题 题目 题名 主题 标题内容
        """
    ),
    "url": _words(
        """
        url link href permalink articleurl posturl pageurl sourceurl originurl weburl weblink mblogurl 链接 网址
        原文链接 原文网址 原文地址 文章链接 文章地址 新闻链接 帖子链接 微博链接 微博地址 视频链接 作品链接
        信息链接 详情链接 页面地址 链接地址 网页地址 网页链接 网页网址 发布链接 地址链接 原链接 url地址 url链接
        原文url 文章url
        """
    ),
    "published_at": _words(
        """
        publishedat publishtime publishedtime publishdate publisheddate pubdate pubtime posttime postedat
        createdat createtime ctime datetime releasetime timestamp time date dcdate 发布时间 发表时间 发布日期
        发表日期 发文时间 发帖时间 发博时间 发稿时间 发布于 发布日期时间 刊发时间 刊登时间 见报时间 见报日期
        出版日期 微博发布时间 新闻时间 文章时间 信息时间 原文时间 留言时间 评论时间 创建时间 日期时间 时间 日期
        """
    ),
    "channel": _words(
        """
        channel platform platformtype mediatype sourcetype sitetype carrier 渠道 平台类型 媒体类型 媒介类型
        来源类型 信息类型 信源类型 站点类型 渠道类型 平台 发布平台 所属平台 载体 信息渠道
        """
    ),
    "source": _words(
        """
        source sourcename media medianame site sitename website outlet publisher 来源 来源媒体 媒体名称 媒体
        站点 站点名称 网站 网站名称 来源名称 来源网站 信息来源 新闻来源 文章来源 来源站点 信源 信源名称 发布媒体
        首发媒体 发布网站 转载媒体 来源平台 频道 报刊名称 报纸名称
        """
    ),
    "author": _words(
        """
        author authorname user username usernickname nickname nick screenname handle account byline
        userscreenname 作者 作者名称 作者昵称 用户昵称 用户名 用户名称 用户 昵称 博主 博主昵称 微博昵称 发布者
        发布者昵称 发布者名称 发布人昵称 发帖人昵称 发布人 发布用户 发帖人 楼主 账号 账号名称 账号昵称 帐号
        帐号名称 公众号名称 记者 留言人 网友 网友昵称 发布账号 媒体账号
        """
    ),
    "repost_of": _words(
        """
        repostof retweetof originalurl originurlofrepost rooturl retweetedurl 转发自 原帖链接 原微博链接
        原微博地址 被转发链接 转发原文链接 原博链接 源微博链接
        """
    ),
    "reads": _words(
        """
        reads readcount readnum readscount views viewcount viewnum viewscount plays playcount playnum pv hits
        clicks impressions pageviews 阅读 阅读数 阅读量 阅读次数 浏览 浏览数 浏览量 浏览次数 播放 播放数 播放量
        播放次数 点击数 点击量 点击次数 曝光量 观看数 观看量 观看次数 阅读播放量 阅读播放数 阅读人数
        """
    ),
    "likes": _words(
        """
        likes likecount likenum likescount attitudescount diggcount favourites favorites favoritecount upvotes
        praise 点赞 点赞数 点赞量 点赞次数 赞 赞数 获赞数 喜欢数 喜欢 在看数 推荐数 顶 好评数
        """
    ),
    "comments": _words(
        """
        comments commentcount commentnum commentscount replies replycount repliescount replynum 评论 评论数
        评论量 评论次数 回复 回复数 回复量 跟帖 跟帖数 跟评数 跟贴数 回帖数 留言数
        """
    ),
    "reposts": _words(
        """
        reposts repostcount repostnum repostscount shares sharecount sharescount sharenum retweets retweetcount
        forwards forwardcount 转发 转发数 转发量 转发次数 分享 分享数 分享量 分享次数 转载 转载数 转载量
        转载次数 转评数
        """
    ),
}

#: What exports call the channels, by the API's word.
CHANNELS: Final[dict[str, str]] = {
    word: channel
    for channel, words in {
        "news": _words(
            """
            新闻 网媒 网络媒体 网络新闻 新闻网站 网站 门户 平媒 报刊 纸媒 报纸 电子报 数字报 客户端 app
            新闻客户端 新闻app 电视 广播 通讯社
            """
        ),
        "forum": _words(
            """
            论坛 贴吧 社区 问答 论坛贴吧 百度贴吧 论坛社区 论坛/贴吧 bbs
            """
        ),
        "weibo": _words(
            """
            微博 新浪微博 微博客
            """
        ),
        "wechat": _words(
            """
            微信 公众号 微信公众号 微信公号 微信文章
            """
        ),
        "video": _words(
            """
            视频 短视频 抖音 快手 视频号 微信视频号 哔哩哔哩 b站 西瓜视频 长视频
            """
        ),
        "blog": _words(
            """
            博客 自媒体号
            """
        ),
        "other": _words(
            """
            其他 其它 今日头条 头条号 百家号 小红书 知乎 企鹅号 网易号 搜狐号
            """
        ),
    }.items()
    for word in words
}
