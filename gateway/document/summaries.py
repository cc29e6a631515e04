"""Summaries of calls in both languages.

English is the function's name in words. Chinese is what the route says (`summary=`), or, where it says nothing in
Chinese, what stands here.
"""

from __future__ import annotations

from typing import Any, Final

_CHINESE: Final[dict[str, str]] = {
    "accept_swap": "同意换班",
    "acknowledge_by_link": "凭链接签收",
    "acknowledge_notification": "签收通知",
    "add_override": "登记临时替班",
    "add_surge": "登记加强值班",
    "cancel_import": "取消导入",
    "change_contact": "修改联络员",
    "change_hook": "修改推送接收",
    "change_roster": "修改值班表",
    "change_source": "修改信源",
    "change_user": "修改账号",
    "change_webhook": "修改 Webhook",
    "create_calendar_link": "建立日历订阅链接",
    "create_check_schedule": "建立定期通联检查",
    "create_contact": "登记联络员",
    "create_escalation_policy": "建立逐级通知办法",
    "create_hook": "建立推送接收",
    "create_import": "导入信息文件",
    "create_key": "建立密钥",
    "create_roster": "建立值班表",
    "create_source": "建立信源",
    "create_token": "登录或续期",
    "create_user": "建立账号",
    "create_webhook": "建立 Webhook",
    "delete_check_schedule": "删除定期通联检查",
    "delete_contact": "删除联络员",
    "delete_escalation_policy": "删除逐级通知办法",
    "delete_hook": "删除推送接收",
    "delete_key": "吊销密钥",
    "delete_roster": "删除值班表",
    "delete_source": "删除信源",
    "delete_webhook": "删除 Webhook",
    "deliver": "推送信息",
    "download_evidence": "下载网页存证",
    "end_override": "结束临时替班",
    "end_surge": "结束加强值班",
    "fetch_source": "立即采集",
    "get_check_report": "通联检查报告",
    "get_check_report_file": "下载通联检查报告",
    "get_communication_check": "一次通联检查",
    "get_contact": "一名联络员",
    "get_coverage": "监测覆盖",
    "get_escalation": "一次逐级通知",
    "get_escalation_of_notification": "通知的逐级进展",
    "get_escalation_policy": "一项逐级通知办法",
    "get_evidence": "网页存证",
    "get_hook": "一个推送接收及其近况",
    "get_import": "导入进度",
    "get_linked_calendar": "凭链接读取值班日历",
    "get_me": "本人",
    "get_notification": "一条通知",
    "get_on_duty": "当前值班",
    "get_rejected": "下载未收下的行",
    "get_retention": "保存期限",
    "get_roster": "一张值班表",
    "get_roster_calendar": "值班日历",
    "get_source": "一个信源",
    "get_source_health": "信源健康",
    "get_user": "一个账号",
    "get_webhook": "一个 Webhook",
    "hand_on_escalation": "立即通知下一级",
    "list_adapters": "采集方式",
    "list_channels": "通知渠道列表",
    "list_check_schedules": "定期通联检查列表",
    "list_communication_checks": "通联检查列表",
    "list_contacts": "联络员列表",
    "list_dead_letters": "未送达列表",
    "list_escalation_policies": "逐级通知办法列表",
    "list_escalations": "逐级通知列表",
    "list_hooks": "推送接收列表",
    "list_imports": "导入列表",
    "list_keys": "密钥列表",
    "list_notes": "值班留言列表",
    "list_notifications": "通知列表",
    "list_overrides": "临时替班列表",
    "list_rankings": "热榜变化",
    "list_roster_problems": "值班表的问题",
    "list_rosters": "值班表列表",
    "list_shifts": "班次",
    "list_sources": "信源列表",
    "list_surges": "加强值班列表",
    "list_swaps": "换班列表",
    "list_users": "账号列表",
    "list_watches": "处置单所需监测",
    "list_webhook_deliveries": "Webhook 投递记录",
    "list_webhooks": "Webhook 列表",
    "preview_channel": "预览渠道消息",
    "preview_import": "预览导入文件",
    "preview_source": "试采信源",
    "propose_swap": "提出换班",
    "push_posts": "推送信息",
    "read_note": "阅读值班留言",
    "redeliver_failed": "重投失败的调用",
    "redeliver_webhook_delivery": "重投一次调用",
    "refuse_swap": "拒绝换班",
    "replace_check_schedule": "替换定期通联检查",
    "replace_escalation_policy": "替换逐级通知办法",
    "retry_dead_letter": "重发一条未送达",
    "retry_dead_letters": "重发未送达",
    "rotate_secret": "更换推送接收的密钥",
    "rotate_webhook_secret": "更换 Webhook 的密钥",
    "show_acknowledgement": "签收页",
    "start_communication_check": "发起通联检查",
    "stop_escalation": "停止逐级通知",
    "stream_events": "实时推送",
    "test_channel": "测试渠道",
    "try_webhook": "测试 Webhook",
    "withdraw_calendar_links": "收回日历订阅链接",
    "withdraw_swap": "撤回换班",
    "write_note": "写值班留言",
}


def is_chinese(text: str) -> bool:
    """Tell whether there is a Chinese character in `text`."""
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def complete(operation: dict[str, Any], chinese: bool = False) -> None:
    """Give `operation` its summary in one language. A call that has none in Chinese keeps the English one."""
    name = operation["operationId"]
    given = operation.get("summary", "")
    # a summary that somebody wrote in English says more than the name; FastAPI's own is the name in capitals
    own = "" if is_chinese(given) or given == name.replace("_", " ").title() else given
    english = own or name.replace("_", " ").capitalize()
    zh = given if is_chinese(given) else _CHINESE.get(name, "")
    operation["summary"] = (zh if chinese else "") or english
