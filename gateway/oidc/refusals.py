"""Why somebody is not let in by single sign-on, in words that help them on."""

from __future__ import annotations

from kit.problems import FieldError, Problem


def not_configured() -> Problem:
    """Return: there is no single sign-on here."""
    return Problem(404, "sign-on.not-configured", zh="本系统未启用统一身份认证", en="Single sign-on is not set up here")


def bad_return() -> Problem:
    """Return: nobody is sent to that address."""
    return Problem(
        400,
        "sign-on.return-to",
        zh="return_to 须是本系统的路径，或已登记前端的网址",
        en="return_to must be a path here, or a page of a front end that is registered (HUIYING_OIDC_RETURN_ORIGINS)",
        errors=[FieldError(pointer="query.return_to", detail="leads elsewhere", zh="指向别处")],
    )


def not_begun_here() -> Problem:
    """Return: the browser did not begin this login, began it too long ago, or has finished it already."""
    return Problem(
        400,
        "sign-on.not-begun-here",
        zh="此次登录不是在本浏览器发起的，或已过期、已用过，请重新登录",
        en="This login was not begun in this browser, or is over; begin again",
    )


def cancelled() -> Problem:
    """Return: the person or the provider said no."""
    return Problem(
        403,
        "sign-on.cancelled",
        zh="登录已取消，或身份平台未准许访问本系统",
        en="The login was cancelled, or the identity provider does not let you use this system",
    )


def bad_answer() -> Problem:
    """Return: what came back is not the provider's word to us."""
    return Problem(
        401,
        "sign-on.bad-answer",
        zh="身份平台的应答未通过校验，请重新登录；反复出现时请凭请求编号联系管理员",
        en="The identity provider's answer did not pass the checks; begin again, or tell the administrator",
    )


def no_role(username: str) -> Problem:
    """Return: the provider knows them, but nothing says what they may do here."""
    return Problem(
        403,
        "sign-on.no-role",
        zh=f"身份平台认识您（{username}），但您所在的组在本系统没有对应的角色，请联系管理员",
        en=f"The identity provider knows you ({username}), but your groups have no role here; ask the administrator",
    )


def disabled() -> Problem:
    """Return: the user is disabled here, whatever the provider says."""
    return Problem(
        403, "sign-on.disabled", zh="您的账号在本系统已停用，请联系管理员", en="Your account is disabled here"
    )


def name_taken(username: str) -> Problem:
    """Return: a local user has that login name, which alone proves nothing."""
    return Problem(
        403,
        "sign-on.name-taken",
        zh=f"本系统已有登录名为 {username} 的用户；请管理员先把该用户与您的统一身份关联",
        en=f"There is a user {username} here already; the administrator has to link it to you first",
    )


def bad_code() -> Problem:
    """Return: the login code is used, too old or not ours."""
    return Problem(
        401,
        "sign-on.bad-code",
        zh="登录码已失效，请重新登录",
        en="The login code is not good any more; log in again",
        headers={"WWW-Authenticate": "Bearer"},
    )


def bad_logout() -> Problem:
    """Return: the logout token is not the provider's word to us, or has been used."""
    return Problem(400, "sign-on.bad-logout", zh="注销令牌未通过校验", en="The logout token did not pass the checks")
