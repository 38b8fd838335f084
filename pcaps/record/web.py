"""A web server that answers everything: GET a short page, POST and PUT with 200 and no body. Stops by itself."""
import http.server
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "fixture"
    sys_version = ""

    def body(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, text: bytes):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        self.answer(b"<html><body>hello</body></html>")

    def do_POST(self):
        self.body()
        self.answer(b"")

    do_PUT = do_POST

    def date_time_string(self, timestamp=None):
        return "Thu, 01 Jan 2026 00:00:00 GMT"

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler)
threading.Timer(float(sys.argv[3]), server.shutdown).start()
server.serve_forever()
