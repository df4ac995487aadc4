package main

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/coder/websocket"
	"github.com/kamune-org/kamune"
	"github.com/kamune-org/kamune/pkg/exchange"
	"github.com/kamune-org/kamune/pkg/relayconn/pb"
	"google.golang.org/protobuf/proto"
)

// relay pairs connections by token. It stands in for Kamune's own in tests
// that need one: no limits, nothing expires, and no pings are answered.
type relay struct {
	password string
	lock     sync.Mutex
	waiting  map[string]*seat
}

// seat is who made a token, and who joined it.
type seat struct {
	made   *exchange.Channel
	joined chan *exchange.Channel
}

// pass runs a relay until its input is closed.
func pass(arguments []string) error {
	r := &relay{waiting: map[string]*seat{}}
	flags := flag.NewFlagSet("relay", flag.ExitOnError)
	tcp := flags.String("tcp", "127.0.0.1:0", "where to listen for TCP")
	ws := flags.String("ws", "127.0.0.1:0", "where to listen for WebSocket")
	flags.StringVar(&r.password, "password", "", "what clients must know")
	_ = flags.Parse(arguments)
	plain, err := net.Listen("tcp", *tcp)
	if err != nil {
		return err
	}
	web, err := net.Listen("tcp", *ws)
	if err != nil {
		return err
	}
	go func() {
		for {
			conn, err := plain.Accept()
			if err != nil {
				return
			}
			go r.serve(kamune.NewConn(conn))
		}
	}()
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", func(answer http.ResponseWriter, asked *http.Request) {
		socket, err := websocket.Accept(answer, asked, nil)
		if err != nil {
			return
		}
		socket.SetReadLimit(65536)
		r.serve(&webConn{socket, asked})
	})
	go func() { _ = http.Serve(web, mux) }()
	told := &tongue{out: json.NewEncoder(os.Stdout)}
	told.tell(happened{Event: "relay-tcp", Address: plain.Addr().String()})
	told.tell(happened{Event: "relay-ws", Address: web.Addr().String()})
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// webConn makes frames of WebSocket messages.
type webConn struct {
	socket *websocket.Conn
	asked  *http.Request
}

func (w *webConn) ReadBytes() ([]byte, error) {
	_, data, err := w.socket.Read(w.asked.Context())
	return data, err
}

func (w *webConn) WriteBytes(data []byte) error {
	return w.socket.Write(w.asked.Context(), websocket.MessageBinary, data)
}

func (w *webConn) Close() error {
	return w.socket.Close(websocket.StatusNormalClosure, "closed")
}

// serve ends silently at whatever is wrong, as Kamune's does.
func (r *relay) serve(conn exchange.ReadWriter) {
	channel, err := exchange.Accept(conn)
	if err != nil {
		if c, closes := conn.(io.Closer); closes {
			_ = c.Close()
		}
		return
	}
	defer channel.Close()
	frame, err := read(channel)
	if err != nil {
		return
	}
	if r.password != "" {
		shown := frame.GetAuth().GetPsk()
		if subtle.ConstantTimeCompare(shown, []byte(r.password)) != 1 {
			return
		}
		if write(channel, &pb.Frame{Kind: &pb.Frame_Auth{Auth: &pb.Auth{}}}) != nil {
			return
		}
		if frame, err = read(channel); err != nil {
			return
		}
	}
	asked := frame.GetRegister()
	if asked.GetMode() == pb.Register_MODE_CREATE {
		_ = r.create(channel, asked.GetToken())
	} else if asked.GetMode() == pb.Register_MODE_JOIN {
		_ = r.join(channel, asked.GetToken())
	}
}

func (r *relay) create(channel *exchange.Channel, token []byte) error {
	if len(token) == 0 {
		token = make([]byte, 16)
		_, _ = rand.Read(token)
	}
	place := hex.EncodeToString(token)
	s := &seat{channel, make(chan *exchange.Channel, 1)}
	r.lock.Lock()
	_, taken := r.waiting[place]
	if !taken {
		r.waiting[place] = s
	}
	r.lock.Unlock()
	if taken {
		return errors.New("the token is in use")
	}
	if err := registered(channel, token, 600); err != nil {
		return err
	}
	// What comes before somebody joined is for nobody.
	return forward(channel, func() *exchange.Channel {
		select {
		case other := <-s.joined:
			s.joined <- other
			return other
		default:
			return nil
		}
	})
}

func (r *relay) join(channel *exchange.Channel, token []byte) error {
	place := hex.EncodeToString(bytes.Clone(token))
	r.lock.Lock()
	s := r.waiting[place]
	delete(r.waiting, place)
	r.lock.Unlock()
	if s == nil {
		return errors.New("no such token")
	}
	defer s.made.Close()
	if err := registered(channel, token, 0); err != nil {
		return err
	}
	s.joined <- channel
	return forward(channel, func() *exchange.Channel { return s.made })
}

func registered(channel *exchange.Channel, token []byte, ttl uint32) error {
	words := &pb.Registered{Token: token, TtlSeconds: ttl, SessionTtlSeconds: 3600}
	return write(channel, &pb.Frame{Kind: &pb.Frame_Registered{Registered: words}})
}

// forward gives each message of one client to the other, until either leaves.
func forward(from *exchange.Channel, to func() *exchange.Channel) error {
	defer func() {
		if other := to(); other != nil {
			_ = other.Close()
		}
	}()
	for {
		frame, err := read(from)
		if err != nil {
			return err
		}
		other := to()
		if frame.GetMsg() == nil || other == nil {
			continue
		}
		if err := write(other, frame); err != nil {
			return err
		}
	}
}

func read(channel *exchange.Channel) (*pb.Frame, error) {
	data, err := channel.ReadBytes()
	if err != nil {
		return nil, err
	}
	frame := &pb.Frame{}
	return frame, proto.Unmarshal(data, frame)
}

func write(channel *exchange.Channel, frame *pb.Frame) error {
	data, err := proto.Marshal(frame)
	if err != nil {
		return err
	}
	return channel.WriteBytes(data)
}
