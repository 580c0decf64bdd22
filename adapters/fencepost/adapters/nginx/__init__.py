"""The nginx web server as an implementation under test: `nginx`, `nginx:anyip` and `nginx:proxy`."""

from fencepost.adapters.nginx.adapter import NginxAdapter, open_adapter

__all__ = ["NginxAdapter", "open_adapter"]
