package messages

// jsonTexts are said by the JSON API alone.
var jsonTexts = map[string]string{
	"send the package as the body, with the header Content-Type: application/zip, or as the file package of a form": "请以请求体发送程序包并带上 Content-Type: application/zip，或作为表单中的文件 package 发送",
	"a page of another site may not do this": "不允许其他站点的页面执行此操作",
	"give a name and a password by HTTP Basic, an API token by Authorization: Bearer, or the headers ms_auth_user and ms_auth_secret": "请通过 HTTP Basic 提供用户名和密码，或通过 Authorization: Bearer 提供令牌，或使用请求头 ms_auth_user 和 ms_auth_secret",
	"there is nothing with the id %q":                                       "编号 %q 不存在",
	"send the body as JSON, with the header Content-Type: application/json": "请以 JSON 格式发送请求体，并带上请求头 Content-Type: application/json",
	"the body is larger than %d bytes":                                      "请求体超过 %d 字节",
	"there is nothing with an id this long":                                 "没有这么长的 id",
	"this takes the role %s; %s has the role %s":                            "此操作需要角色 %s，而用户 %s 的角色是 %s",
}
