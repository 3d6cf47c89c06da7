"""A minimal model server as one would write it in Python: FastAPI, ONNX Runtime with one thread,
tensors as bytes in the form of the Open Inference Protocol. Started by scripts/peer.

  MODEL=FILE python3 -m uvicorn peer:app
"""
import json
import math
import os

import numpy
import onnxruntime
from fastapi import FastAPI, Request, Response

TYPES = {"tensor(float)": "FP32", "tensor(int64)": "INT64", "tensor(int32)": "INT32"}
NUMPY = {"FP32": numpy.float32, "INT64": numpy.int64, "INT32": numpy.int32}
HEAD = "inference-header-content-length"

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(
    os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
outputs = [each.name for each in session.get_outputs()]
app = FastAPI()


def described(tensors):
    return [{"name": each.name, "datatype": TYPES[each.type],
             "shape": [size if isinstance(size, int) else -1 for size in each.shape]}
            for each in tensors]


@app.get("/v2/models/{name}")
async def metadata(name: str):
    return {"name": name, "versions": ["1"], "platform": "onnxruntime",
            "inputs": described(session.get_inputs()), "outputs": described(session.get_outputs())}


@app.post("/v2/models/{name}/infer")
async def infer(name: str, request: Request):
    body = await request.body()
    at = int(request.headers[HEAD])
    feeds = {}
    for each in json.loads(body[:at])["inputs"]:
        dtype = NUMPY[each["datatype"]]
        feeds[each["name"]] = numpy.frombuffer(
            body, dtype, math.prod(each["shape"]), at).reshape(each["shape"])
        at += each["parameters"]["binary_data_size"]
    results = session.run(outputs, feeds)
    head = json.dumps({"model_name": name, "outputs": [
        {"name": output, "datatype": "FP32", "shape": result.shape,
         "parameters": {"binary_data_size": result.nbytes}}
        for output, result in zip(outputs, results)]}).encode()
    return Response(b"".join([head, *(result.tobytes() for result in results)]),
                    media_type="application/octet-stream", headers={HEAD: str(len(head))})
