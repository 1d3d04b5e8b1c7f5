"""Baidu's Qianfan: V1 with a path per model, strict turns and errors inside a 200; token exchanges; V2's values."""
