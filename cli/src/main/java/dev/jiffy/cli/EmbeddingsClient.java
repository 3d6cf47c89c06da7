package dev.jiffy.cli;

import dev.jiffy.bench.load.ServerTiming;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Asks a server for the vectors of sentences, over one connection.
final class EmbeddingsClient implements AutoCloseable {
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final JsonMapper mapper = JsonMapper.shared();
  private final URI uri;
  private final String model;

  EmbeddingsClient(String url, String model) {
    this.uri = URI.create(url + "/v1/embeddings");
    this.model = model;
  }

  /// A server's answer.
  ///
  /// @param vectors one for each sentence
  /// @param stagesMs the time that the server says each of its stages took, in milliseconds
  /// @param totalMs the time from sending the request to having read the answer, in milliseconds
  record Answer(List<float[]> vectors, Map<String, Double> stagesMs, double totalMs) {}

  /// {@return the request for the vectors of sentences}
  HttpRequest request(List<String> sentences) {
    return HttpRequest.newBuilder(uri)
        .header("Content-Type", "application/json")
        .POST(
            BodyPublishers.ofByteArray(
                mapper.writeValueAsBytes(Map.of("model", model, "input", sentences))))
        .build();
  }

  /// {@return the answer to a request}
  ///
  /// @throws IOException if the server cannot be reached, or refuses
  Answer send(HttpRequest request) throws IOException {
    long start = System.nanoTime();
    HttpResponse<byte[]> response;
    try {
      response = client.send(request, BodyHandlers.ofByteArray());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for " + uri);
    }
    double total = (System.nanoTime() - start) / 1e6;
    JsonNode body = mapper.readTree(response.body());
    if (response.statusCode() != 200) {
      throw new IOException("%s answers %d: %s".formatted(uri, response.statusCode(), body));
    }
    List<float[]> vectors = new ArrayList<>();
    for (JsonNode item : body.path("data")) {
      JsonNode numbers = item.path("embedding");
      float[] vector = new float[numbers.size()];
      for (int i = 0; i < vector.length; i++) {
        vector[i] = numbers.path(i).floatValue();
      }
      vectors.add(vector);
    }
    String timing = response.headers().firstValue("Server-Timing").orElse("");
    Map<String, Double> stagesMs = new LinkedHashMap<>();
    ServerTiming.of(timing)
        .stageNanos()
        .forEach((stage, nanos) -> stagesMs.put(stage, nanos / 1e6));
    return new Answer(vectors, stagesMs, total);
  }

  @Override
  public void close() {
    client.close();
  }
}
