"""Ask as the library requests does, with a plain body and one that is packed."""

import gzip
import json
import sys

import requests

address, text = sys.argv[1], sys.stdin.read()
url = f"{address}/v1/models/model:predict"
plain = requests.post(url, json=json.loads(text), timeout=60)
headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
packed = requests.post(url, gzip.compress(text.encode()), headers=headers, timeout=60)
assert plain.status_code == packed.status_code == 200, (plain.text, packed.text)
assert plain.content == packed.content
print(json.dumps(plain.json()["predictions"]))
