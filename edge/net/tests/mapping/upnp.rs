//! An Internet Gateway Device: it is found by SSDP, and does what SOAP over HTTP says.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;

use crate::router::Table;
use crate::{TCP, UDP};

pub(crate) struct Device {
    pub(crate) search: SocketAddrV4,
    tasks: [JoinHandle<()>; 2],
}

impl Device {
    pub(crate) async fn new(address: Ipv4Addr, table: Arc<Mutex<Table>>) -> Self {
        let search = UdpSocket::bind((address, 0)).await.unwrap();
        let http = TcpListener::bind((address, 0)).await.unwrap();
        let ports = (
            search.local_addr().unwrap().port(),
            http.local_addr().unwrap().port(),
        );
        let location = format!("http://{address}:{}/root.xml", ports.1);
        let found = tokio::spawn(be_found(search, location, Arc::clone(&table)));
        let asked = tokio::spawn(async move {
            while let Ok((stream, _)) = http.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&table)));
            }
        });
        Self {
            search: SocketAddrV4::new(address, ports.0),
            tasks: [found, asked],
        }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn be_found(socket: UdpSocket, location: String, table: Arc<Mutex<Table>>) {
    let mut request = Vec::with_capacity(2048);
    loop {
        request.clear();
        let Ok((_, from)) = socket.recv_buf_from(&mut request).await else {
            continue;
        };
        assert!(request.starts_with(b"M-SEARCH * HTTP/1.1\r\n"));
        let answer = format!(
            "HTTP/1.1 200 OK\r\nST: {SERVICE}\r\nUSN: uuid:1::{SERVICE}\r\nEXT:\r\nLOCATION: {location}\r\n\r\n"
        );
        let answer = mangled(&table, answer);
        if let Some(answer) = answer {
            drop(socket.send_to(&answer, from).await);
        }
    }
}

fn mangled(table: &Mutex<Table>, answer: String) -> Option<Vec<u8>> {
    let table = table.lock().unwrap();
    let mut answer = answer.into_bytes();
    (table.mangle)(&mut answer);
    (!table.is_silent).then_some(answer)
}

/// One request of a connection.
async fn serve(mut stream: TcpStream, table: Arc<Mutex<Table>>) -> Option<()> {
    let mut request = Vec::new();
    let text = loop {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then_some(value)
        });
        if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
            break text;
        }
    };
    let body = table.lock().unwrap().answer(&text);
    let body = mangled(&table, body)?;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(&body).await.ok()?;
    stream.shutdown().await.ok()
}

impl Table {
    fn answer(&mut self, request: &str) -> String {
        if request.starts_with("GET /root.xml ") {
            return root();
        }
        if request.starts_with("GET /scpd.xml ") {
            return scpd();
        }
        assert!(request.starts_with("POST /control "), "{request}");
        let value = |name: &str| {
            let (_, rest) = request.split_once(&format!("<{name}>")).unwrap();
            rest.split_once('<').unwrap().0
        };
        let code = || {
            if value("NewProtocol") == "TCP" {
                TCP
            } else {
                UDP
            }
        };
        let port = |name: &str| value(name).parse::<u16>().unwrap();
        if request.contains("#GetExternalIPAddress") {
            let address = format!(
                "<NewExternalIPAddress>{}</NewExternalIPAddress>",
                self.outside
            );
            return soap("GetExternalIPAddress", &address);
        }
        if request.contains("#AddPortMapping") {
            assert_eq!(value("NewInternalClient"), "127.0.0.1");
            let seconds = value("NewLeaseDuration").parse().unwrap();
            assert_ne!(seconds, 0, "a port without an end");
            let [inside, wanted] = ["NewInternalPort", "NewExternalPort"].map(port);
            self.give(code(), inside, wanted, seconds);
            return soap("AddPortMapping", "");
        }
        let (code, outside) = (code(), port("NewExternalPort"));
        self.ports
            .retain(|(what, _), port| (*what, *port) != (code, outside));
        soap("DeletePortMapping", "")
    }
}

fn root() -> String {
    format!(
        "<?xml version=\"1.0\"?><root xmlns=\"urn:schemas-upnp-org:device-1-0\"><device>\
         <deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>\
         <deviceList><device><deviceList><device><serviceList><service>\
         <serviceType>{SERVICE}</serviceType><controlURL>/control</controlURL>\
         <SCPDURL>/scpd.xml</SCPDURL></service></serviceList></device></deviceList></device>\
         </deviceList></device></root>"
    )
}

fn scpd() -> String {
    let action = |name: &str, arguments: &[&str]| {
        let arguments: Vec<_> = arguments
            .iter()
            .map(|name| {
                format!("<argument><name>{name}</name><direction>in</direction></argument>")
            })
            .collect();
        let arguments = arguments.concat();
        format!("<action><name>{name}</name><argumentList>{arguments}</argumentList></action>")
    };
    let add = [
        "NewRemoteHost",
        "NewExternalPort",
        "NewProtocol",
        "NewInternalPort",
        "NewInternalClient",
        "NewEnabled",
        "NewPortMappingDescription",
        "NewLeaseDuration",
    ];
    let actions = [
        action("GetExternalIPAddress", &[]),
        action("AddPortMapping", &add),
        action("DeletePortMapping", &add[..3]),
    ];
    format!("<scpd><actionList>{}</actionList></scpd>", actions.concat())
}

fn soap(action: &str, inner: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
         <u:{action}Response xmlns:u=\"{SERVICE}\">{inner}</u:{action}Response></s:Body></s:Envelope>"
    )
}

const SERVICE: &str = "urn:schemas-upnp-org:service:WANIPConnection:1";
