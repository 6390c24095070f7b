package messages

// userTexts are said of users and of who calls.
var userTexts = map[string]string{
	"the password was given out: sign in with a browser and change it first":          "当前密码由系统分配，请先在浏览器中登录并修改密码",
	"must be admin, developer, operator or viewer":                                    "必须是 admin、developer、operator 或 viewer",
	"must have at least %d characters":                                                "至少需要 %d 个字符",
	"must not hold a colon or a control character, nor begin or end with a space":     "不能包含冒号或控制字符，首尾也不能有空格",
	"there is a user named %s already":                                                "用户 %s 已存在",
	"there is no user %d":                                                             "编号为 %d 的用户不存在",
	"there is no user named %s":                                                       "用户 %s 不存在",
	"user %s has a password of its own here":                                          "用户 %s 已在这里设置自己的密码",
	"user %s has no password of its own here yet: reset it first":                     "用户 %s 尚未在这里设置自己的密码，请先重置",
	"user %d is the only admin who is not locked out: make somebody else admin first": "用户 %d 是唯一未被锁定的管理员，请先指定其他管理员",
	"is not the present password":                                                     "与当前密码不符",
	"must differ from the present one":                                                "必须与当前的不同",
	"must be at most %s, the role of %s":                                              "不能高于 %s，这是 %s 的角色",
	"must lie in the future":                                                          "必须晚于当前时间",
	"the token is not known, or has expired":                                          "令牌不存在或已过期",
	"there is no such token":                                                          "令牌不存在",
	"the user has a token named %s already":                                           "该用户已有名为 %s 的令牌",
	"the user has no token %d":                                                        "该用户没有编号为 %d 的令牌",
	"the user has %d tokens, and no more are allowed: delete those that are not used": "该用户已有 %d 个令牌，不能再增加，请删除不用的",
	"this takes a password: a token cannot make credentials":                          "此操作需要用密码登录：令牌不能生成凭据",
	"the session has ended":                                                           "会话已结束",
	"must be en or zh, or empty for the browser's":                                    "必须是 en 或 zh，留空表示跟随浏览器",
	"must be light or dark, or empty for the system's":                                "必须是 light 或 dark，留空表示跟随系统",
	"the user name or its password or secret is wrong":                                "用户名、密码或秘钥错误",
}
