"""Asks a server over gRPC with stubs that protoc makes of inference.proto, and prints what comes.

  python3 scripts/clients.py HOST:PORT     (Debian: python3-grpcio, python3-grpc-tools)

The model is that of scripts/clients: "null", x FP32 [rows, 32] to y = -x.
"""
import os
import struct
import subprocess
import sys
import tempfile
from multiprocessing import shared_memory

import grpc

here = os.path.dirname(os.path.abspath(__file__))
protos = os.path.join(here, "..", "protocol", "src", "main", "proto")
folder = tempfile.TemporaryDirectory()  # removed at the end
stubs = folder.name
subprocess.run(
    [sys.executable, "-m", "grpc_tools.protoc", "-I", protos, "--python_out", stubs,
     "--grpc_python_out", stubs, "inference.proto", "health.proto"], check=True)
sys.path.insert(0, stubs)
import health_pb2  # noqa: E402
import health_pb2_grpc  # noqa: E402
import inference_pb2 as pb  # noqa: E402
import inference_pb2_grpc  # noqa: E402

FAILURES = []


def request(value, **more):
    made = pb.ModelInferRequest(model_name="null", **more)
    made.inputs.add(name="x", datatype="FP32", shape=[1, 32])
    made.raw_input_contents.append(struct.pack("<32f", *[value] * 32))
    return made


def first(answer):
    return struct.unpack_from("<f", answer.raw_output_contents[0])[0]


def check(what, found, expected):
    print(f"{what}: {found}")
    if found != expected:
        FAILURES.append(what)
        print(f"  expected {expected}")


def status(what, call, expected):
    try:
        call()
        check(what, "OK", expected)
    except grpc.RpcError as e:
        check(what, e.code().name, expected)
        print(f"  {e.details()}")


def shared(stub):
    """Inputs and outputs in this machine's memory, if the server was started with --shared-memory."""
    try:
        stub.SystemSharedMemoryStatus(pb.SystemSharedMemoryStatusRequest())
    except grpc.RpcError as e:
        check("shared memory, which is off", e.code().name, "UNIMPLEMENTED")
        return
    memory = shared_memory.SharedMemory(create=True, size=256)
    try:
        stub.SystemSharedMemoryRegister(
            pb.SystemSharedMemoryRegisterRequest(name="mine", key="/" + memory.name.lstrip("/"), byte_size=256))
        struct.pack_into("<32f", memory.buf, 0, *[4.5] * 32)
        made = pb.ModelInferRequest(model_name="null")
        x = made.inputs.add(name="x", datatype="FP32", shape=[1, 32])
        y = made.outputs.add(name="y")
        for tensor, offset in (x, 0), (y, 128):
            tensor.parameters["shared_memory_region"].string_param = "mine"
            tensor.parameters["shared_memory_offset"].int64_param = offset
            tensor.parameters["shared_memory_byte_size"].int64_param = 128
        answer = stub.ModelInfer(made)
        check("shared memory", set(struct.unpack_from("<32f", memory.buf, 128)), {-4.5})
        check("its size in the answer", answer.outputs[0].parameters["shared_memory_byte_size"].int64_param, 128)
        y.parameters["shared_memory_offset"].int64_param = 129
        status("memory beyond the region", lambda: stub.ModelInfer(made), "INVALID_ARGUMENT")
        stub.SystemSharedMemoryUnregister(pb.SystemSharedMemoryUnregisterRequest(name="mine"))
        status("memory that is not known any more", lambda: stub.ModelInfer(made), "INVALID_ARGUMENT")
    finally:
        memory.close()
        memory.unlink()


def main(target):
    channel = grpc.insecure_channel(target)
    stub = inference_pb2_grpc.GRPCInferenceServiceStub(channel)
    health = health_pb2_grpc.HealthStub(channel)
    check("health", health.Check(health_pb2.HealthCheckRequest()).status, 1)
    check("live", stub.ServerLive(pb.ServerLiveRequest()).live, True)
    check("ready", stub.ServerReady(pb.ServerReadyRequest()).ready, True)
    check("model ready", stub.ModelReady(pb.ModelReadyRequest(name="null")).ready, True)
    metadata = stub.ModelMetadata(pb.ModelMetadataRequest(name="null"))
    check("input", (metadata.inputs[0].datatype, list(metadata.inputs[0].shape)), ("FP32", [-1, 32]))
    check("raw contents", first(stub.ModelInfer(request(1.5))), -1.5)
    typed = pb.ModelInferRequest(model_name="null", id="7")
    tensor = typed.inputs.add(name="x", datatype="FP32", shape=[1, 32])
    tensor.contents.fp32_contents.extend([2.5] * 32)
    answer = stub.ModelInfer(typed)
    check("typed contents and id", (first(answer), answer.id), (-2.5, "7"))
    check("gzip", first(stub.ModelInfer(request(3), compression=grpc.Compression.Gzip)), -3.0)
    stream = stub.ModelStreamInfer(iter([request(i, id=str(i)) for i in range(300)]))
    ids = [each.infer_response.id for each in stream]
    check("a stream of 300, in order", ids == [str(i) for i in range(300)], True)
    check("config", stub.ModelConfig(pb.ModelConfigRequest(name="null")).config.name, "null")
    counted = stub.ModelStatistics(pb.ModelStatisticsRequest(name="null"))
    check("statistics", counted.model_stats[0].inference_stats.success.count >= 303, True)
    check("no such model is ready", stub.ModelReady(pb.ModelReadyRequest(name="none")).ready, False)
    status("no such model", lambda: stub.ModelMetadata(pb.ModelMetadataRequest(name="none")), "NOT_FOUND")
    shared(stub)
    bad = request(1)
    bad.inputs[0].shape[0] = 2
    status("bytes that do not fit the shape", lambda: stub.ModelInfer(bad), "INVALID_ARGUMENT")
    late = request(1, parameters={"timeout": pb.InferParameter(int64_param=1)})
    status("a deadline after a microsecond", lambda: stub.ModelInfer(late), "DEADLINE_EXCEEDED")
    calls = [stub.ModelInfer.future(request(i)) for i in range(500)]
    for call in calls[::2]:
        call.cancel()
    rest = sum(first(call.result()) == -i for i, call in enumerate(calls) if i % 2)
    check("answers beside 250 cancelled calls", rest, 250)
    print("failed: " + ", ".join(FAILURES) if FAILURES else "all as expected")
    return 1 if FAILURES else 0


sys.exit(main(sys.argv[1]))
