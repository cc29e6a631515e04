"""The tags of the API document in reading order: from logging in to what everyone may read."""

from __future__ import annotations

from typing import Final

#: (name, English, Chinese)
TAGS: Final[tuple[tuple[str, str, str], ...]] = (
    ("auth", "Logging in, and who one is", "登录与本人"),
    ("users", "Accounts with their roles and units", "账号、角色与单位"),
    ("api keys", "Keys for programs, with scopes and expiry", "供程序使用的密钥"),
    ("sources", "Where posts come from, how each is, and what is covered", "信源、健康与覆盖"),
    ("posts", "Posts pushed and collected, with their analysis", "信息及其研判结果"),
    ("imports", "Files of posts, read on the server", "文件导入"),
    ("hooks", "Vendor feeds and e-mail digests by signed webhook", "推送接收"),
    ("sentiment", "The tone of texts", "情感研判"),
    ("topics", "What is watched", "监测专题"),
    ("events", "Posts that tell one story, with figures over time", "舆情事件"),
    ("exports", "Posts and events as files", "导出"),
    ("plans", "The plan as a versioned document", "预案"),
    ("alerts", "Plan criteria met by events", "预警"),
    ("cases", "Responses from report to review", "处置单"),
    ("command", "Who takes part, consults, is informed, speaks, and hands over", "指挥协同"),
    ("tasks", "The work of a case, and one's own work across cases", "任务"),
    ("facts", "What the office vouches for", "已确认事实"),
    ("statements", "What is said with one voice", "口径"),
    ("corrections", "False claims that outlets are asked to correct", "更正请求"),
    ("concerns", "What people ask, and the answer given", "诉求"),
    ("reviews", "The assessment after a case", "总结评估"),
    ("units", "Departments, counties and other bodies", "单位"),
    ("contacts", "The network of people and how to reach them", "联络网"),
    ("rosters", "Who is on duty when", "值班表"),
    ("channels", "Ways by which people are told", "通知渠道"),
    ("templates", "How notifications are worded, in versions", "通知模板"),
    ("notifications", "What was told to whom, and what became of it", "通知"),
    ("acknowledgements", "Acknowledging by a signed link, without a login", "凭链接签收"),
    ("escalations", "Who is told next where nobody acknowledges", "逐级通知"),
    ("communication checks", "Whether the network answers", "通联检查"),
    ("subscriptions", "Topics that one is told of", "专题订阅"),
    ("webhooks", "Programs that are told what people are told", "Webhook"),
    ("audit log", "Who saw, changed or took what, in a chain of hashes", "审计日志"),
    ("live", "What happens, as it happens (server-sent events)", "实时推送"),
    ("portal", "What everyone may read", "信息公开"),
)
