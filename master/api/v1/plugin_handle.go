package v1

import (
	"bufio"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/problem"
)

// listPlugins answers with all packages at once: they are as many as somebody has written.
func (a *api) listPlugins(r *request) error {
	plugins, err := a.Plugins.List(r.Request.Context())
	if err != nil {
		return err
	}
	p := Page[PluginItem]{Items: []PluginItem{}}
	for _, plugin := range plugins {
		p.Items = append(p.Items, pluginItemOf(plugin))
	}
	return reply(r, http.StatusOK, p)
}

func (a *api) getPlugin(r *request) error {
	d, err := a.Plugins.Get(r.Request.Context(), r.Param("package"))
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, pluginOf(d))
}

func (a *api) getPluginVersion(r *request) error {
	v, m, err := a.Plugins.Version(r.Request.Context(), r.Param("package"), r.Param("version"))
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, pluginVersionOf(v, m))
}

func (a *api) deletePlugin(r *request) error {
	if err := a.Plugins.Delete(r.Request.Context(), r.user, r.Param("package"), r.Param("version")); err != nil {
		return err
	}
	r.Status(http.StatusNoContent)
	return nil
}

// uploadPlugin hands the body on as it comes: the service bounds it and writes it to a file.
func (a *api) uploadPlugin(r *request) error {
	content, err := packageOf(r.Request)
	if err != nil {
		return err
	}
	conn := connection{http.NewResponseController(r.Writer)}
	v, fresh, err := a.Plugins.Upload(r.Request.Context(), r.user, &received{content, conn})
	conn.extendWrite() // storing may have taken longer than an answer usually may
	if err != nil {
		return err
	}
	r.Header("Location", Base+"/plugins/"+v.Package+"/versions/"+v.Version)
	shown := pluginVersionOf(v, nil)
	shown.Existed = !fresh
	return reply(r, http.StatusCreated, shown)
}

// packageOf gives the package in a request: the body itself, or the first part of a form, which must be called package.
func packageOf(r *http.Request) (io.Reader, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && (media == "application/zip" || media == "application/octet-stream"):
		return r.Body, nil
	case err == nil && media == "multipart/form-data":
		form, err := r.MultipartReader()
		if err != nil {
			return nil, malformed("", "the form cannot be read: %s", err.Error())
		}
		part, err := form.NextPart()
		if err != nil || part.FormName() != "package" {
			return nil, malformed("package", "must be the first part of the form, and a file")
		}
		return part, nil
	}
	return nil, &core.Error{Code: problem.CodeMediaType, Format: "send the package as the body, with the header Content-Type: application/zip, or as the file package of a form"}
}

// received is a body that may take as long as it comes on at all.
type received struct {
	io.Reader
	conn connection
}

// Read is part of io.Reader.
func (b *received) Read(p []byte) (int, error) {
	b.conn.extendRead()
	n, err := b.Reader.Read(p)
	switch {
	case err == io.EOF: //nolint:errorlint // a Reader gives it bare
		b.conn.endRead()
	case err != nil:
		err = errors.Join(malformed("package", "ended before it was whole"), err)
	}
	return n, err
}

// downloadPlugin sends the package as it is read.
func (a *api) downloadPlugin(r *request) error {
	v, content, err := a.Plugins.Download(r.Request.Context(), r.Param("package"), r.Param("version"))
	if err != nil {
		return err
	}
	// The first chunk is read before the answer begins, while an error can still be told.
	body := bufio.NewReaderSize(content, core.PluginChunk)
	if _, err := body.Peek(1); err != nil {
		return err
	}
	r.Header("Content-Type", "application/zip")
	r.Header("Content-Length", strconv.FormatInt(v.Size, 10))
	r.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": v.Package + "-" + v.Version + ".zip"}))
	r.Header("ETag", `"`+v.Digest+`"`)
	r.Status(http.StatusOK)
	if _, err := io.Copy(&sent{r.Writer, connection{http.NewResponseController(r.Writer)}}, body); err != nil {
		a.Logger.WarnContext(r.Request.Context(), "a download of a plugin ended early", "package", v.Package, "version", v.Version, "error", err)
		panic(http.ErrAbortHandler) // half a package must not be taken for a whole one
	}
	return nil
}

// sent is an answer that may take as long as it is taken at all.
type sent struct {
	w    io.Writer
	conn connection
}

// Write is part of io.Writer.
func (s *sent) Write(p []byte) (int, error) {
	s.conn.extendWrite()
	return s.w.Write(p)
}
