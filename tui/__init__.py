"""csvpn: a console for Remote Access VPN (L2TP/IPsec) on Apache CloudStack."""

__version__ = "0.1.0"
