package messages

// userTexts are said of users and of who calls.
var userTexts = map[string]string{
	"must be admin, developer, operator or viewer":                                "必须是 admin、developer、operator 或 viewer",
	"must have at least %d characters":                                            "至少需要 %d 个字符",
	"must not hold a colon or a control character, nor begin or end with a space": "不能包含冒号或控制字符，首尾也不能有空格",
	"there is a user named %s already":                                            "用户 %s 已存在",
	"there is no user %d":                                                         "编号为 %d 的用户不存在",
	"there is no user named %s":                                                   "用户 %s 不存在",
	"the user name or its password or secret is wrong":                            "用户名、密码或秘钥错误",
}
