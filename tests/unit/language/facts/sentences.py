"""Fictional sentences and the facts that they state, by hand.

A fact is written `role low..high unit`: one bound where both are equal, nothing where a side is open, no unit for
persons, `?` for no role, `!` for denied, `~` for a part. Times are written `time`, `as_of` or `deadline` and ISO 8601.
They are counted from Friday 9 October 2026, 14:00 in China.
"""

from __future__ import annotations

from typing import Final

COUNTS: Final = """
山体滑坡造成3人死亡、5人受伤，其中1人重伤。 => deaths 3; injured 5; ~severely_injured 1
遇难者升至12人。 => deaths 12
死亡人数为3。 => deaths 3
事故死亡人数由3人升至5人。 => ? 3; deaths 5
目前已转移群众1200余人。 => evacuated 1200..1299
涉及移民 356 户 1424 人。 => resettled 356 household; resettled 1424
库区共搬迁安置移民２１０户８６４人。 => resettled 210 household; resettled 864
死亡3人，受伤5人，失踪2人。 => deaths 3; injured 5; missing 2
一辆农用车翻下山坡，致5死2伤。 => deaths 5; injured 2
两车相撞，一死两伤。 => deaths 1; injured 2
致两死两重伤。 => deaths 2; severely_injured 2
翻船事故死3伤5。 => deaths 3; injured 5
消防员救出被困群众28人。 => rescued 28
现场共救出二十八名被困人员。 => rescued 28
28名被困人员全部获救。 => rescued 28
仍有7人被困井下。 => trapped 7
暴雨造成2人失联。 => missing 2
2名失联人员已找到，均无生命危险。 => missing 2
3名工人不幸遇难。 => deaths 3
一家三口遇难。 => deaths 3
有2名孩子在水库边溺亡。 => deaths 2
1人经抢救无效死亡。 => deaths 1
11名死者身份已确认。 => deaths 11
4名伤员正在县医院接受治疗。 => hospitalized 4
63名工友吃过晚饭后疑似中毒，送医后其中2人经抢救无效死亡。 => ill 63; ~deaths 2
学校食堂食物中毒6人死亡。 => deaths 6
141人食物中毒。 => ill 141
十余人出现腹泻症状。 => ill 10..19
数十人送医。 => hospitalized 20..99
近百人聚集在移民局门口。 => gathered 90..100
200多名移民到镇政府上访。 => gathered 200..299
上百名村民围堵施工道路。 => gathered 100..
至少4人受伤。 => injured 4..
至少有6人死亡。 => deaths 6..
超过300户受灾。 => affected 300.. household
不足20人撤离。 => evacuated ..20
约50人受伤。 => injured 45..55
3至5人受伤。 => injured 3..5
疏散20-30户。 => evacuated 20..30 household
三五个村民受伤。 => injured 3..5
七八十人被困。 => trapped 70..80
3千多人紧急转移。 => evacuated 3000..3999
1.2万人受灾。 => affected 12000
受灾人口3.2万余人。 => affected 32000..32999
一百零五人安全撤离。 => evacuated 105
两千余名群众参与救援。 => responders 2000..2999
转移受灾群众300户1200人。 => evacuated 300 household; evacuated 1200
紧急转移安置2.1万人。 => evacuated 21000
21人受伤（其中重伤5人、轻伤16人），3人失踪。 => injured 21; ~severely_injured 5; ~slightly_injured 16; missing 3
民房倒塌43户75间。 => collapsed 43 household; collapsed 75 room
全省累计确诊440例，死亡9例。 => ill 440 case; deaths 9 case
确诊440例死亡9例。 => ill 440 case; deaths 9 case
无一例确诊。 =>
几十余人受伤。 => injured 20..99
民房受损844户、2731间。 => damaged 844 household; damaged 2731 room
60栋房屋倒塌。 => collapsed 60 building
5名伤员中，4人为烧伤，一人为骨折。 => injured 5; injured 4; injured 1
5人受伤，其中1人重伤，2人失踪。 => injured 5; ~severely_injured 1; missing 2
包括4名村干部在内的31人受伤。 => ~? 4; injured 31
12人死亡，其中3人为学生。 => deaths 12; ~? 3
投入消防员154名。 => responders 154
派出7名医生、3名护士赶赴现场。 => responders 7; responders 3
30余名消防官兵赶赴现场扑救。 => responders 30..39
消防员3人受伤。 => injured 3
警方抓获4名嫌疑人。 => detained 4
3名干部被问责。 => accountable 3
42人已出院。 => discharged 42
仍有50人尚未痊愈。 => ? 50
死亡失踪8人。 => dead_or_missing 8
共造成20余人死亡或失踪。 => dead_or_missing 20..29
事故共造成10人伤亡。 => casualties 10
3名村民被杀害。 => deaths 3
夺走五条生命。 => deaths 5
在废墟中发现7具遗体。 => deaths 7
造成死亡的3人已确认身份。 => deaths 3
1,424名移民已搬迁入住新村。 => resettled 1424
搬迁356户，未搬迁12户。 => resettled 356 household; ? 12 household
新增确诊病例3例。 => ill 3 case
三户人家被埋。 => trapped 3 household
34名伤者中有重伤8人。 => injured 34; severely_injured 8
另有9人伤势较重。 => severely_injured 9
3人送往县人民医院途中死亡。 => deaths 3
当场死亡2人。 => deaths 2
停电影响4000户居民用电。 => affected 4000 household
5人受傷，2人遇難。 => injured 5; deaths 2
12人遇险，11人生还。 => ? 12; rescued 11
"""

ABSENCES: Final = """
火灾无人员伤亡。 => deaths 0; injured 0
没有造成人员伤亡。 => deaths 0; injured 0
所幸未造成房屋倒塌和人员伤亡。 => deaths 0; injured 0
暂无人员伤亡。 => deaths 0; injured 0
无人受伤。 => injured 0
没有人员死亡和失踪。 => deaths 0; missing 0
零伤亡。 => deaths 0; injured 0
尚未接到人员伤亡报告。 => deaths 0..; injured 0..
截至目前尚无人员伤亡和房屋损失报告。 => deaths 0..; injured 0..
网传有无人员伤亡，正在核实。 =>
"""

STANDINGS: Final = """
网传3人死亡不实。 => !deaths 3
网传3人死亡不实，实际2人受伤。 => !deaths 3; injured 2
网传“水库垮坝致10人遇难”。经核实，该信息不实。 => !deaths 10
某网民造谣称“溃坝淹死20人”，已被行政拘留。 => !deaths 20
此次事故并非5人死亡，而是2人受伤。 => !deaths 5; injured 2
“移民点塌方造成4人被埋”系谣言。 => !trapped 4
有帖文称每户克扣补偿款2万元，该说法与事实不符。 => !arrears 20000 yuan/household
关于电站泄洪冲走4人的传言，此传言不实。 => !? 4
关于水库溃坝致7人死亡的说法不属实。 => !deaths 7
网传造成3人死亡，目前正在核实。 => deaths 3
经核实，事故造成3人死亡，消息属实。 => deaths 3
县局否认有12户移民房屋倒塌。 => !collapsed 12 household
如果造成3人死亡，立即启动预案。 =>
造成3人以上10人以下死亡的，为较大事故。 =>
造成3人以上死亡或10人以上重伤的，启动Ⅱ级响应。 =>
是否有3人死亡，还不清楚。 =>
应急演练中模拟转移群众200人。 =>
一旦出现10人中毒，须在1小时内上报。 =>
网传无人员伤亡的说法不实，已有2人死亡。 => !deaths 0; !injured 0; deaths 2
"""

MONEY_AND_MORE: Final = """
补偿款 3.2 万元未到账。 => compensation 32000 yuan
直接经济损失约2.3亿元。 => loss 207000000..253000000 yuan
损失1亿多元。 => loss 100000000..200000000 yuan
兑付征地补偿资金1058.5万元。 => compensation 10585000 yuan
拖欠过渡费20多万元。 => arrears 200000..300000 yuan
总投资5.6亿元。 => investment 560000000 yuan
每人每年600元的后期扶持资金。 => subsidy 600 yuan/person/year
每亩补偿3万元。 => compensation 45 yuan/m2
补偿标准为4.5万元/亩。 => compensation 67.5 yuan/m2
房屋补偿每平方米1200元。 => compensation 1200 yuan/m2
每户补助1.5万元。 => subsidy 15000 yuan/household
人均收入1.2万元。 => income 12000 yuan/person
鸡蛋10元/斤。 =>
下拨救灾资金500万元。 => relief 5000000 yuan
爱心企业捐款30万元。 => donation 300000 yuan
截留资金约20万元被罚款2万元。 => arrears 180000..220000 yuan; fine 20000 yuan
隐瞒收支3万元被罚款2万元。 => ? 30000 yuan; fine 20000 yuan
罚款2万元。 => fine 20000 yuan
赔偿5至8万元。 => compensation 50000..80000 yuan
补偿5000元至1万元。 => compensation 5000..10000 yuan
只赔了20万，不够建房。 => compensation 200000 yuan
拟募资不超12亿元。 => ? ..1200000000 yuan
合格率不得少于95%。 => ? 0.95.. 1
不超过3000元的补助。 => subsidy ..3000 yuan
上万元的误工费。 => ? 10000.. yuan
近千万元的工程款被拖欠。 => investment 9000000..10000000 yuan
淹没耕地91亩。 => affected 60666.66667 m2
征收土地3公顷。 => requisitioned 30000 m2
过火面积2平方公里。 => affected 2000000 m2
安置房建筑面积约400平方米。 => built 360..440 m2
发生5.9级地震。 => earthquake 5.9 richter
震级为里氏4.6级，震源深度10公里。 => earthquake 4.6 richter
随后发生3.2级余震。 => aftershock 3.2 richter
昨夜4.1地震，震感明显。 => time 2026-10-08; earthquake 4.1 richter
兑付率达到85％。 => paid 0.85 1
百分之九十五的移民表示满意。 => satisfied 0.95 1
已完成工程量的八成以上。 => completed 0.8.. 1
三分之一的农户没有签约。 => completed 0.333333 1
补助标准提高20%。 => ? 0.2 1
"""

NOTHING: Final = """
第3名是谁。 =>
前10名有奖。 =>
国办发〔2016〕61号文件要求公开。 =>
启动Ⅱ级响应和一级预案。 =>
请拨打0879-2123456或12345。 =>
联系〔手机号〕，车牌〔车牌号〕。 =>
一些人一起说一下，一个接一个。 =>
三元催化器，二人转，一户一策。 =>
他今年35岁，是二级教师。 =>
按照第十二条第3款执行。 =>
万一千万不要忘了，十分重要。 =>
游客3万人次。 =>
一成不变，三番五次。 =>
八级大风吹来。 =>
经过省一级，市县两级审核，职务升一级。 =>
他一死了之？别去死一死。 =>
这条路是一条生命线。 =>
五保户和万元户。 =>
7个万人乡镇。 =>
九死一生。 =>
住3号楼2单元501室。 =>
人民群众一心一意。 =>
水位上涨3.5米，流量1200立方米每秒。 =>
出动车辆12台。 =>
价格涨了2倍。 =>
提出3点建议，一时没有回音。 =>
一名记者来到现场。 =>
微信群聊天记录共20页。 =>
G8511高速K20+800米处。 =>
"""

TIMES: Final = """
10月8日8时许 => time 2026-10-08T08:00+08:00
昨日下午 => time 2026-10-08
昨晚11时20分 => time 2026-10-08T23:20+08:00
今年3月 => time 2026-03
去年12月 => time 2025-12
2025年6月30日 => time 2025-06-30
二〇二四年五月三日 => time 2024-05-03
2026-10-08 10:38 => time 2026-10-08T10:38+08:00
2026/10/8上午 => time 2026-10-08
截至10月9日18时 => as_of 2026-10-09T18:00+08:00
截止昨日20时 => as_of 2026-10-08T20:00+08:00
12月31日前兑付到位 => deadline 2026-12-31
今年年底前完成 => deadline 2026-12
11月底前入住 => deadline 2026-11
8日凌晨 => time 2026-10-08
30日下午3点半 => time 2026-09-30T15:30+08:00
12月28日 => time 2026-12-28
10月7日晚12点 => time 2026-10-08T00:00+08:00
10月7日24时 => time 2026-10-08T00:00+08:00
10月6日中午1点 => time 2026-10-06T13:00+08:00
10月5日发生滑坡，次日清晨道路抢通 => time 2026-10-05; time 2026-10-06
10月5日20时发现裂缝，21时10分撤离 => time 2026-10-05T20:00+08:00; time 2026-10-05T21:10+08:00
9月27日至30日 => time 2026-09-27; time 2026-09-30
下午3点 => time T15:00
8时15分 => time T08:15
周三上午9点 => time 2026-10-07T09:00+08:00
上周五 => time 2026-10-02
3天前 => time 2026-10-06
今早七点多 => time 2026-10-09T07:00+08:00
本月1日 => time 2026-10-01
上月25日 => time 2026-09-25
明天上午10时 => time 2026-10-10T10:00+08:00
1998年建成 => time 1998
前天 => time 2026-10-07
等了3个月，走了5小时，10年没修 =>
90年代，21世纪 =>
2小时内上报 =>
10月6日下午1时27分起火，1时54分扑灭 => time 2026-10-06T13:27+08:00; time 2026-10-06T13:54+08:00
10月6日晚7点50分停电，8时许恢复 => time 2026-10-06T19:50+08:00; time 2026-10-06T20:00+08:00
10月6日14时开会，次日9时结束 => time 2026-10-06T14:00+08:00; time 2026-10-07T09:00+08:00
凌晨4点20发现火情 => time T04:20
十月六日十五时十五分 => time 2026-10-06T15:15+08:00
"""


def gold(block: str) -> list[tuple[str, list[str]]]:
    """Return the sentences of a block with their facts."""
    lines = [line.split("=>") for line in block.strip().splitlines()]
    return [(text.strip(), [fact.strip() for fact in facts.split(";") if fact.strip()]) for text, facts in lines]
