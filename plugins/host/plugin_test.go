package host

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/carillonhq/carillon/plugins/sdk/handshake"
	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// The manners in which the tests' plugin starts, which its script names in the second line.
const (
	wellBehaved = "well-behaved"
	lying       = "lying"     // describes other tasks than its manifest
	silent      = "silent"    // never shakes hands
	chatty      = "chatty"    // is a program that is no plugin, and stays
	failing     = "failing"   // says why and exits
	elsewhere   = "elsewhere" // shakes hands for another machine
	unsafe      = "unsafe"    // shakes hands without a certificate
	endless     = "endless"   // its first line does not end
	forking     = "forking"   // starts a daemon and never shakes hands
	slow        = "slow"      // takes slowEnd to exit when it is asked to
	slower      = "slower"    // takes slowerEnd
)

// slowEnd is longer than go-plugin waits for a plugin to exit, and slowerEnd than anybody.
const (
	slowEnd   = 2500 * time.Millisecond
	slowerEnd = time.Hour
)

// bePlugin is the tests' plugin, written on what the SDK is written on, so that it can do what the SDK would not.
func bePlugin(script string) int {
	text, _ := os.ReadFile(script)
	_, manner, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	switch manner {
	case silent:
		forever()
	case chatty:
		fmt.Println("listening on port 80")
		forever()
	case failing:
		fmt.Fprintln(os.Stderr, "no database to be found")
		return 3
	case elsewhere:
		fmt.Printf("1|%d|tcp|192.0.2.1:443|grpc|\n", handshake.ProtocolVersion)
		forever()
	case unsafe:
		return beUnsafe()
	case endless:
		for {
			fmt.Print(strings.Repeat("x", 1000))
		}
	case forking:
		daemonize(os.Getenv("HOME"), "daemon", false)
		forever()
	}
	server := &testPlugin{tasks: taskNames()}
	if manner == lying {
		server.tasks = server.tasks[1:]
	}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: handshake.Config(), Plugins: handshake.Plugins(server), GRPCServer: goplugin.DefaultGRPCServer,
		Logger: hclog.NewNullLogger(),
	})
	if takes := map[string]time.Duration{slow: slowEnd, slower: slowerEnd}[manner]; takes > 0 {
		_, _ = syscall.Write(2, []byte("tearing down within "+os.Getenv(handshake.GraceKey)+" ms\n"))
		time.Sleep(takes)
		_, _ = syscall.Write(2, []byte("torn down\n"))
	}
	return 0
}

func beUnsafe() int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 1
	}
	fmt.Printf("1|%d|tcp|%s|grpc|\n", handshake.ProtocolVersion, listener.Addr())
	server := grpc.NewServer()
	pluginpb.RegisterPluginServer(server, &testPlugin{tasks: taskNames()})
	_ = server.Serve(listener)
	return 0
}

type toWorker = grpc.BidiStreamingServer[pluginpb.ToPlugin, pluginpb.FromPlugin]

// job is a run as the tests' tasks see it.
type job struct {
	start     *pluginpb.Start
	params    map[string]any
	stream    toWorker
	cancelled chan *pluginpb.Cancel
}

type testPlugin struct {
	pluginpb.UnimplementedPluginServer
	tasks []string
}

func (p *testPlugin) Describe(context.Context, *pluginpb.DescribeRequest) (*pluginpb.DescribeReply, error) {
	return &pluginpb.DescribeReply{Tasks: p.tasks, Sdk: "test"}, nil
}

func (p *testPlugin) Run(stream toWorker) error {
	m, err := stream.Recv()
	if err != nil {
		return err
	}
	j := &job{start: m.GetStart(), stream: stream, cancelled: make(chan *pluginpb.Cancel, 1)}
	if err := json.Unmarshal(j.start.GetParams(), &j.params); err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	go func() {
		for {
			m, err := stream.Recv()
			if err != nil {
				return
			}
			if c := m.GetCancel(); c != nil {
				j.cancelled <- c
			}
		}
	}()
	return testTasks()[j.start.GetTask()](j)
}

func (j *job) say(level, text string) {
	_ = j.stream.Send(&pluginpb.FromPlugin{Kind: &pluginpb.FromPlugin_Log{Log: &pluginpb.LogLine{
		At: time.Now().UnixMicro(), Level: level, Text: text,
	}}})
}

func (j *job) progress(percent int32) {
	_ = j.stream.Send(&pluginpb.FromPlugin{Kind: &pluginpb.FromPlugin_Progress{Progress: &pluginpb.Progress{Percent: percent}}})
}

func (j *job) next(at int64) {
	_ = j.stream.Send(&pluginpb.FromPlugin{Kind: &pluginpb.FromPlugin_NextAt{NextAt: &pluginpb.NextAt{At: at}}})
}

func (j *job) result(value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return j.send(&pluginpb.Result{Value: text})
}

func (j *job) send(r *pluginpb.Result) error {
	return j.stream.Send(&pluginpb.FromPlugin{Kind: &pluginpb.FromPlugin_Result{Result: r}})
}

func (j *job) number(name string) int {
	n, _ := j.params[name].(float64)
	return int(n)
}

func (j *job) text(name string) string {
	s, _ := j.params[name].(string)
	return s
}

// daemonize starts a process that starts another in a session of its own and exits, and so on; all but the last are gone
// soon. Each writes its process id into dir.
func daemonize(dir, name string, known bool) {
	cmd := exec.Command(testBinary(), roleChild, dir, name, "2")
	if !known {
		cmd.Env = []string{}
	}
	_ = cmd.Start()
}

// testBinary is this executable, when a script names it as its interpreter, too.
func testBinary() string {
	path, _ := os.Executable()
	return path
}

func beChild(args []string) int {
	dir, name := args[0], args[1]
	pid := fmt.Sprintf("%d\n", os.Getpid())
	if err := os.WriteFile(filepath.Join(dir, name+".pid.new"), []byte(pid), 0o600); err != nil {
		return 1
	}
	_ = os.Rename(filepath.Join(dir, name+".pid.new"), filepath.Join(dir, name+".pid"))
	if generations := args[2]; generations != "0" {
		cmd := exec.Command(testBinary(), roleChild, dir, name+"-child", string(generations[0]-1))
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if cmd.Start() != nil {
			return 1
		}
		if generations == "1" {
			return 0 // the last one loses its parent
		}
	}
	forever()
	return 0
}

// forever does not look like a deadlock to Go.
func forever() { time.Sleep(1 << 62) }
