"""Chinese running text that says nothing and repeats itself nowhere, from a seed."""

from __future__ import annotations

import random
from typing import Final

#: words, parted by spaces
_TEXT: Final = """
社区 居民 道路 施工 街道 学校 医院 水库 移民 搬迁 补偿 安置 村组 茶园 雨季 滑坡 桥梁 隧道
公交 车站 菜市 物业 电梯 供水 停电 检修 通知 办公室 干部 群众 代表 座谈 反映 回应 调查 核实
公开 进度 整改 方案 预算 招标 验收 监督 投诉 热线 窗口 材料 证明 审批 补贴 名单 公示 下午
上午 凌晨 傍晚 昨日 今年 去年 月底 周末 上旬 中旬 附近 沿线 城南 城北 河边 山坡 坝区 老街
新区 工业园 种植户 养殖场 咖啡 普洱 记者 了解 介绍 表示 认为 希望 提醒 强调 指出 建议 要求
组织 安排 协调 推进 完成 启动 恢复 暂停 延期 增加 减少 提高 降低 改善 影响 孩子 老人 司机
商户 教师 医生 志愿者 工人 农户 租户 业主 乘客 家长 学生 邻居 亲属 负责人 工作组 专家 队员
值班 巡查 清理 疏通 大雨 积水 淤泥 落石 断路 绕行 管网 井盖 路灯 绿化 停车 噪声 扬尘 垃圾
污水 气味 水质 检测 样本 结果 报告 数据 原因 责任 期限 合同 工资 房租 押金 学费 票价 电费
水费 罚款 保险 贷款 公司 承包 分包 拖欠 协商 调解 仲裁 起诉 判决 执行 救助 慰问 捐助 物资
帐篷
"""
_WORDS: Final = tuple(_TEXT.split())
_ENDS: Final = "，，，。，，。；，。"


def prose(seed: str, length: int) -> str:
    """Return exactly `length` characters of text; the same seed gives the same, another gives another."""
    chance = random.Random(seed)
    pieces: list[str] = []
    size = 0
    while size < length:
        clause = "".join(chance.choices(_WORDS, k=chance.randint(3, 7))) + chance.choice(_ENDS)
        pieces.append(clause)
        size += len(clause)
    return "".join(pieces)[:length]


def headline(seed: str) -> str:
    """Return a title of 14 to 24 characters or so."""
    chance = random.Random(seed)
    return "".join(chance.choices(_WORDS, k=chance.randint(6, 9)))
