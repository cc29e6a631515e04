"""Pairs written last, when all others were read rightly. At first reading it found 10 of 13 and one wrongly."""

from __future__ import annotations

from tests.unit.cases.voice.pair import Pair, apart, same

FLOOD = (
    "受10月8日凌晨强降水过程影响的墨江县，8日6时河水漫堤，联珠镇3个社区受淹。截至8日16时，紧急转移群众1320人，"
    "无人员伤亡。农作物受灾2600亩，倒塌房屋8间，直接经济损失约450万元。现有救援人员380人、冲锋舟12艘在一线。"
)
SCHOOL = (
    "10月8日12时40分，县第二小学陆续有学生出现腹痛、呕吐症状。截至8日19时，32名学生在县医院就诊，其中5人留院观察，无重症。"
    "市疾控中心采集食品样本18份、水样6份送检，结果将于10月11日公布。学校食堂由普洱康膳餐饮有限公司承包，已停业。"
)
HOUSING = (
    "安置区共建房366套，总建筑面积4.2万平方米，总投资1.1亿元，2024年6月开工。"
    "目前有41户反映墙体开裂。住建部门已委托省建筑科学研究院检测。专线电话：0879-5221188。"
)

LATER_PAIRS: list[Pair] = [
    same("flood", FLOOD, "截至9日7时，已转移群众1560人，倒塌房屋11间，仍无人员伤亡报告。"),
    apart("flood", FLOOD, "截至9日7时，已转移群众1230人。", "1230人"),
    same("flood", FLOOD, "联珠镇受淹的三个社区积水已退，救援人员减至150人。"),
    apart("flood", FLOOD, "联珠镇5个社区受淹，清淤正在进行。", "5个"),
    same("flood", FLOOD, "农作物受灾面积约173公顷，经济损失正在进一步核算。"),
    apart("flood", FLOOD, "农作物受灾6200亩。", "6200亩"),
    same("flood", FLOOD, "昨日清晨6时河水漫堤，昨日下午水位回落。"),
    apart("flood", FLOOD, "昨日上午10时河水漫堤，损失正在核查。", "昨日上午10时"),
    apart("flood", FLOOD, "洪水造成1人遇难。", "1人"),
    apart("flood", FLOOD, "河水漫堤的原因是上游水库违规泄洪。", "上游水库违规泄洪"),
    same("school", SCHOOL, "截至9日9时，就诊学生增至35名，留院观察5人。"),
    apart("school", SCHOOL, "在县医院就诊的学生共23名。", "23名"),
    same("school", SCHOOL, "昨日中午，县第二小学部分学生出现腹痛、呕吐。检测结果10月11日公布。"),
    apart("school", SCHOOL, "检测结果将于10月13日公布。", "10月13日"),
    same("school", SCHOOL, "食品样本和水样共24份，检测正在进行。"),
    apart("school", SCHOOL, "市疾控中心采集食品样本28份。", "28份"),
    apart("school", SCHOOL, "学生不适系食堂凉菜变质引起。", "食堂凉菜变质"),
    same("school", SCHOOL, "家长可向学校了解情况。网传“有学生死亡”为谣言。"),
    same("housing", HOUSING, "安置区366套住房总建筑面积4.2万平方米，去年底交付使用。"),
    apart("housing", HOUSING, "安置区共建房336套。", "336套"),
    apart("housing", HOUSING, "项目总投资1.5亿元。", "1.5亿元"),
    same("housing", HOUSING, "截至9日，反映墙体开裂的住户为46户，已逐户登记。"),
    apart("housing", HOUSING, "安置房2023年6月开工，质量责任正在认定。", "2023年6月"),
    same("housing", HOUSING, "群众可拨打专线电话0879-5221188预约入户检测。"),
]
