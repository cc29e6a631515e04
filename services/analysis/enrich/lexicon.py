"""The words that keywords and kinds of incident are told by, parted by spaces. Data: edit freely."""

from __future__ import annotations

from typing import Final

from contracts.words import IncidentType

STRONG: Final = 3.0
CLEAR: Final = 2.0
HINT: Final = 1.0
WEAK: Final = 0.5

#: Kind of incident -> weight -> words.
INCIDENTS: Final[dict[IncidentType, dict[float, str]]] = {
    IncidentType.NATURAL_DISASTER: {
        STRONG: ("地震 余震 震源 震中 泥石流 山体滑坡 滑坡 洪灾 洪涝 山洪 台风 龙卷风 雪崩 地质灾害 海啸 堰塞湖 里氏"),
        CLEAR: (
            "震感 级强震 塌方 暴雨 洪水 冰雹 旱灾 干旱 内涝 溃坝 崩塌 地面塌陷 涨水 灾情 抗震 防汛 决堤 雷击 低温冻害"
        ),
        HINT: ("受灾 灾区 强降雨 大雨 水位 转移群众 险情 倒塌 灾民 断流 抗旱 汛期 裂缝 沉降 涌浪 库岸"),
    },
    IncidentType.ACCIDENT: {
        STRONG: (
            "车祸 交通事故 追尾 相撞 火灾 大火 起火 失火 着火 矿难 透水 瓦斯爆炸 坠机 沉船 翻车 侧翻 山火 坍塌事故"
        ),
        CLEAR: (
            "安全事故 生产事故 燃烧 火势 过火 扑灭 扑救 消防 肇事 碰撞 撞上 撞倒 撞死 坠落 坠河 溺水 触电 泄漏 "
            "爆燃 塔吊 脚手架 酒驾 失控 翻下 坠入 施工事故 翻船 沉没 翻覆 溃口事故"
        ),
        HINT: (
            "客车 货车 轿车 司机 驾驶 车辆 超载 事故 遇难 被困 搜救 烧毁 烧伤 浓烟 坍塌 油罐 大巴 公路 隧道 "
            "矿井 车辆逆行 高速公路 刹车 交警 电动车 逃逸 救援 爆炸 违规作业 坠崖"
        ),
    },
    IncidentType.PUBLIC_HEALTH: {
        STRONG: (
            "食物中毒 中毒事件 疫情 传染病 禽流感 新冠 霍乱 鼠疫 登革热 疟疾 手足口病 诺如 食源性 群体性不明原因疾病"
        ),
        CLEAR: (
            "集体中毒 中毒 呕吐 腹泻 腹痛 恶心 肠胃炎 亚硝酸盐 确诊病例 病例 隔离 疫苗 感染者 流行病学 疾控 "
            "水污染 水源污染 毒蘑菇 野生菌 细菌性 职业病 尘肺"
        ),
        HINT: ("卫生监督 卫生局 卫健 食品安全 不洁 食堂 就诊 症状 洗胃 发烧 头晕 发热 食用 变质 住院 污染 饮用水 臭味"),
    },
    IncidentType.SOCIAL_SECURITY: {
        STRONG: (
            "恐怖袭击 恐怖分子 自杀式 人体炸弹 汽车炸弹 暴徒 暴恐 群体性事件 打砸 持刀 砍伤 劫持 人质 骚乱 绑架 枪击"
        ),
        CLEAR: (
            "袭击 炸弹 武装分子 聚众 围堵 堵路 堵门 静坐 示威 游行 集体上访 越级上访 群访 上访 讨薪 欠薪 维权 "
            "械斗 斗殴 冲突 爆炸物 引爆 反政府 连环爆炸 非法武装 强拆 强征 截访 拉横幅 罢工 罢市 请愿 自焚 "
            "跳楼 民警受伤 枪手 极端组织"
        ),
        HINT: (
            "信访 聚集 恐怖 警方 开枪 武装 组织宣称 凶手 嫌疑人 阻工 阻挠施工 抗议 诈骗 非法集资 克扣 截留 "
            "挪用 冒领 补偿款 不给说法 讨说法 安全部队 塔利班"
        ),
        WEAK: ("纠纷 打人 暴力 举报 投诉 拖欠 不公 警察"),
    },
}

#: Longer words in which a listed word tells of no incident.
NO_INCIDENT: Final = (
    "消防演练 防震减灾 地震局 消防安全 防火宣传 交通安全 维权日 消费维权 爆炸性新闻 事故应急演练 信访局 "
    "火灾演练 应急演练 疫情防控知识 警方提醒 网络暴力 思想冲突 地震台网"
)

#: Words of resettlement work, and of what people ask for and complain of.
DOMAIN: Final = (
    "移民 搬迁 安置 安置点 安置房 补偿 补偿款 补偿标准 后期扶持 后扶资金 库区 水库 水电站 电站 淹没 征地 拆迁 "
    "土地 耕地 宅基地 集镇 复建 避险解困 美丽家园 移民局 移民村 移民户 外迁 后靠安置 逐年补偿 长效补偿 "
    "临时过渡 过渡费 青苗费 林地 地质灾害 滑坡 泥石流 地震 洪水 暴雨 内涝 裂缝 房屋质量 漏水 危房 饮水 停水 "
    "停电 道路 桥梁 学校 医院 就业 培训 产业 上访 信访 维权 讨薪 欠薪 拖欠 截留 挪用 冒领 贪污 腐败 举报 投诉 "
    "强拆 不公 聚集 围堵 冲突 谣言 辟谣 通报 回应 调查 车祸 交通事故 火灾 爆炸 坍塌 溺水 中毒 食物中毒 污染 "
    "水污染 疫情 确诊 救援 被困 失联 遇难 受伤 死亡 社保 医保 养老 低保 贫困 扶贫 乡村振兴 物业 噪音 学位 环保 "
    "施工 工程 质量 合同 公示 名额 人口核定 实物指标 户口"
)
