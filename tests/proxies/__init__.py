"""Small real proxies on 127.0.0.1 that write down what they were asked for: ``http`` and ``socks5``."""
