package dev.jiffy.bench.load;

/// How a server is asked over HTTP.
public enum HttpApi {
  /// The Open Inference Protocol, tensors as JSON.
  V2_JSON,
  /// The Open Inference Protocol, tensors as bytes behind the JSON.
  V2_BINARY,
  /// OpenAI's embeddings.
  OPENAI
}
