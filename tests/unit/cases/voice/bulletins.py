"""Whole bulletins with several figures, dates and places, as they are published one after the other.

Written after the check was made beside the short pairs. At their first reading it found 8 of 18 and one wrongly.
"""

from __future__ import annotations

from tests.unit.cases.voice.pair import Pair, apart, same

FIRST = (
    "10月8日9时许，景谷县永平镇芒东村发生山体滑坡。截至8日18时，滑坡造成2人死亡、5人受伤，伤者已送县人民医院救治。"
    "受影响的213户856名群众已全部转移到3个临时安置点。滑坡体约3000立方米，造成县道1.5公里中断。"
    "现场投入挖掘机6台、抢险人员120余人。原因正在调查。"
)
WATER = (
    "10月7日18时，思茅区2号安置点停水，涉及居民480户。经排查，供水管道阀门损坏，维修人员已于当晚抵达现场。"
    "预计10月9日12时恢复供水。停水期间，每日安排送水车4辆，累计送水30吨。咨询电话0879-2123456。"
)
PAYMENT = (
    "本次后期扶持直补资金涉及3个乡镇1250户4860人，标准为每人每年600元，共计291.6万元。"
    "截至10月8日，已发放1180户，发放资金275.4万元。剩余70户因账户信息有误，将于10月20日前发放到位。"
)

BULLETINS: list[Pair] = [
    same("follow-up", FIRST, "截至10月9日8时，滑坡造成2人死亡、6人受伤。转移的213户856名群众基本生活有保障。"),
    apart("follow-up", FIRST, "截至10月9日8时，滑坡造成1人死亡、6人受伤。转移的213户856名群众基本生活有保障。", "1人"),
    same("follow-up", FIRST, "昨日上午9时许发生在永平镇芒东村的滑坡，目前已投入挖掘机11台，清理道路900米。"),
    apart("follow-up", FIRST, "昨日上午11时许发生在永平镇芒东村的滑坡，仍在处置。", "昨日上午11时许"),
    same("follow-up", FIRST, "县道中断的1.5公里路段正在抢通，滑坡体约三千立方米。原因仍在调查。"),
    apart("follow-up", FIRST, "县道中断的2.5公里路段正在抢通，滑坡体约三千立方米。", "2.5公里"),
    same("follow-up", FIRST, "3个临时安置点设在永平中学等处，每个安置点配备医护人员4名。"),
    apart("follow-up", FIRST, "群众已转移到5个临时安置点。", "5个"),
    same("follow-up", FIRST, "两名遇难者的善后工作正在进行，5名伤者中1人已出院。"),
    apart("follow-up", FIRST, "受影响的231户群众已全部转移。", "231户"),
    same("follow-up", FIRST, "近期我县普降大雨，请群众注意防范地质灾害。气象部门预计10日仍有降雨。"),
    apart("follow-up", FIRST, "专家初步判断，连日降雨导致山体滑坡，责任单位正在核查。", "连日降雨"),
    same("follow-up", FIRST, "景东县消防队伍30人赶赴现场支援。"),
    apart("follow-up", FIRST, "10月8日上午9时许，景谷县民乐镇发生山体滑坡。", "民乐镇"),
    same("water", WATER, "9日11时30分，2号安置点恢复供水，480户居民用水恢复正常。"),
    apart("water", WATER, "2号安置点停水影响的408户居民，今日继续送水。", "408户"),
    same("water", WATER, "截至9日9时，累计送水42吨，送水车增加至6辆。"),
    apart("water", WATER, "截至9日9时，累计送水12吨。", "12吨"),
    same("water", WATER, "因维修进度原因，恢复供水时间推迟至10月10日12时，给居民带来不便，深表歉意。"),
    apart("water", WATER, "预计10月11日12时恢复供水。", "10月11日12时"),
    same("water", WATER, "2号安置点于7日傍晚6时停水，管道维修正在进行。"),
    apart("water", WATER, "2号安置点于6日18时停水，管道维修正在进行。", "6日18时"),
    same("water", WATER, "居民可拨打咨询电话0879-2123456，也可到社区服务站登记。"),
    apart("water", WATER, "居民可拨打咨询电话0879-2124356。", "0879-2124356"),
    same("payment", PAYMENT, "直补资金按每人每年600元发放，共涉及1250户。"),
    apart("payment", PAYMENT, "直补资金按每人每年500元发放，共涉及1250户。", "500元"),
    same("payment", PAYMENT, "截至10月9日，已发放1215户，发放资金283.6万元。"),
    apart("payment", PAYMENT, "截至10月9日，已发放1115户。", "1115户"),
    same("payment", PAYMENT, "剩余35户将于本月20日前发放到位。"),
    apart("payment", PAYMENT, "剩余群众的直补资金将于10月底前发放到位。", "10月底"),
    same("payment", PAYMENT, "直补资金近300万元，惠及4800余人。"),
    apart("payment", PAYMENT, "直补资金惠及5个乡镇。", "5个"),
    same("payment", PAYMENT, "网传“直补标准降为每人每年300元”不属实。"),
    apart("payment", PAYMENT, "发放迟缓主要是镇政府工作不力。", "镇政府工作不力"),
    same("payment", PAYMENT, "直补资金由县级财政直接打入个人账户，任何单位不得截留。"),
    apart("payment", PAYMENT, "直补资金惠及移民群众4680人。", "4680人"),
]
