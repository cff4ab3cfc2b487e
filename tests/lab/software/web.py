"""nginx with a page title, over HTTP and over HTTPS with a certificate of its own.

It serves nothing but that page.
`catalogue.py` calls it.
"""

import os

from ..kernel import run


def _certificate(files, names):
    """A self-signed certificate with these subject alternative names, made once per host."""
    if not os.path.exists(f"{files.folder}/tls.pem"):
        os.makedirs(files.folder, exist_ok=True)
        run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "3650",
                "-subj",
                f"/CN={names[0]}",
                "-addext",
                "subjectAltName=" + ",".join(f"DNS:{name}" for name in names),
                "-keyout",
                f"{files.folder}/tls.key",
                "-out",
                f"{files.folder}/tls.pem",
            ]
        )


def nginx(files, title, server="nginx", tls_names=(), plain=(80,), secure=(443,)):
    """nginx on the plain ports, and on the secure ones when there are names for a certificate."""
    files.write(
        "www/index.html", f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{title}</body></html>\n"
    )
    listen = [f"listen {port}; listen [::]:{port};" for port in plain]
    if tls_names:
        _certificate(files, list(tls_names))
        listen += [f"listen {port} ssl; listen [::]:{port} ssl;" for port in secure]
        listen += ["ssl_certificate /mnt/tls.pem; ssl_certificate_key /mnt/tls.key;"]
    path = files.write(
        "nginx.conf",
        f"""\
daemon off;
user root;
worker_processes 1;
pid /run/nginx.pid;
error_log stderr warn;
events {{ worker_connections 128; }}
http {{
  access_log off;
  server_tokens {"on" if server == "nginx" else "off"};
  client_body_temp_path /run/nginx-body;
  proxy_temp_path /run/nginx-proxy;
  fastcgi_temp_path /run/nginx-fastcgi;
  uwsgi_temp_path /run/nginx-uwsgi;
  scgi_temp_path /run/nginx-scgi;
  types {{ text/html html; }}
  server {{
    {" ".join(listen)}
    root /mnt/www;
  }}
}}
""",
    )
    return [f"exec nginx -e stderr -c {path}"]
