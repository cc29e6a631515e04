"""How long the consistency check takes while an officer types: `python bench/voice.py`.

2,000 characters against ten published texts of the same length, which were read before, as they are between two
keystrokes. Prints wall and CPU time per check, milliseconds.
"""

from __future__ import annotations

import statistics
import time
from datetime import datetime, timedelta

from language.calendar import SHANGHAI
from services.cases.voice.consistency import Said, check
from services.cases.voice.reading import read

_AT = datetime(2026, 10, 9, 10, tzinfo=SHANGHAI)
_PARAGRAPHS = (
    "10月8日9时许，景谷县永平镇芒东村发生山体滑坡。险情发生后，县委、县政府立即启动应急响应，组织应急、自然资源、水务、公安、消防、卫健等部门赶赴现场开展救援处置工作。",
    "截至10月9日8时，滑坡造成2人死亡、5人受伤，伤者已送县人民医院救治，生命体征平稳。受影响的213户856名群众已全部转移到3个临时安置点，基本生活得到保障。",
    "市搬迁安置办派出工作组驻点，逐户走访了解群众反映的补偿、住房、饮水等问题，建立台账，明确责任人和办理时限，能当场答复的当场答复，其余三个工作日内答复。",
    "滑坡体约3000立方米，造成县道1.5公里中断，目前已投入挖掘机6台、抢险人员120余人开展清理，预计10月12日恢复通行。请过往车辆提前绕行。",
    "补偿款发放方面，应兑付的1200万元已兑付1180万元，剩余部分因账户信息有误正在核对，将于10月20日前发放到位。群众可拨打咨询电话0879-2123456查询办理情况。",
    "下一步，将密切关注雨情水情和地质变化，加强巡查监测，妥善安排转移群众的生活，及时公布进展。滑坡原因正在由专家组调查，结论将第一时间公布。请以官方发布的信息为准。",
)


def _text(first: int, length: int = 2000) -> str:
    whole = ""
    while len(whole) < length:
        whole += _PARAGRAPHS[first % len(_PARAGRAPHS)] + "\n"
        first += 1
    return whole[:length]


def main(rounds: int = 100) -> None:
    """Check a text that differs by its last characters each time, as while typing."""
    said = [Said(str(n), f"口径第{n + 1}份", "", _text(n), _AT - timedelta(hours=20 - n)) for n in range(10)]
    check("", _text(0), _AT, said, [])
    wall, cpu = [], []
    for n in range(rounds):
        text = _text(n)[:1990] + f"第{n}稿"
        began, used = time.perf_counter(), time.process_time()
        check("续报", text, _AT, said, [])
        wall.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - used) * 1000)
    claims = len(read("续报\n" + text, _AT)[0])
    for name, times in (("wall", wall), ("cpu", cpu)):
        ranked = sorted(times)
        print(
            f"{name}: best {ranked[0]:.1f} ms, median {statistics.median(ranked):.1f} ms, "
            f"p95 {ranked[int(len(ranked) * 0.95)]:.1f} ms ({claims} claims, {len(said)} published texts)"
        )


if __name__ == "__main__":
    main()
