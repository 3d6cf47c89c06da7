package dev.jiffy.bench.load;

/// How a server is asked.
public enum ServerApi {
  /// The Open Inference Protocol, tensors as JSON.
  V2_JSON,
  /// The Open Inference Protocol, tensors as bytes behind the JSON.
  V2_BINARY,
  /// The Open Inference Protocol over gRPC, tensors as bytes.
  V2_GRPC,
  /// OpenAI's embeddings.
  OPENAI
}
