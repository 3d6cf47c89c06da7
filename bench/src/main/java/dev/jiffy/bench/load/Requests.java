package dev.jiffy.bench.load;

import dev.jiffy.bench.Case;
import dev.jiffy.bench.Comparison;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.protocol.InferReader;
import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.InferResponse;
import dev.jiffy.protocol.InferTensor;
import dev.jiffy.protocol.InferWriter;
import dev.jiffy.protocol.Limits;
import dev.jiffy.protocol.Message;
import dev.jiffy.protocol.ModelMetadata;
import dev.jiffy.protocol.Parameter;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.TensorMetadata;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Makes servers to measure of an address and of what they are to be asked.
public final class Requests {
  private static final Map<String, String> JSON = Map.of("Content-Type", "application/json");
  private static final int MOST_LINES = 1_000_000;

  private Requests() {}

  /// {@return a server that is asked with tensors}
  ///
  /// @param server its address
  /// @param model the model's name
  /// @param isBinary whether tensors travel as bytes behind the JSON
  /// @param cases what to ask, at least one
  /// @param tolerance how far answers may be from known ones; null to not look at them
  /// @param connections the most connections
  public static HttpSubject tensors(
      URI server,
      String model,
      boolean isBinary,
      List<Case> cases,
      @Nullable Double tolerance,
      int connections) {
    List<HttpMessage> messages = new ArrayList<>();
    for (Case each : cases) {
      List<InferTensor> inputs = new ArrayList<>();
      each.tensors().forEach((name, tensor) -> inputs.add(new InferTensor(name, tensor, isBinary)));
      Map<String, Parameter> parameters =
          isBinary ? Map.of(InferRequest.BINARY, new Parameter.Flag(true)) : Map.of();
      Message message = InferWriter.request(new InferRequest(null, parameters, inputs, List.of()));
      Map<String, String> headers = new HashMap<>();
      headers.put("Content-Type", message.contentType());
      if (message.binary()) {
        headers.put(Message.JSON_LENGTH_HEADER, "" + message.jsonLength());
      }
      messages.add(
          new HttpMessage("/v2/models/" + encoded(model) + "/infer", headers, message.body()));
    }
    AnswerCheck check = tolerance == null ? null : new KnownAnswers(cases, tolerance);
    return new HttpSubject(
        "%s %s, tensors as %s".formatted(server, model, isBinary ? "bytes" : "JSON"),
        server,
        messages,
        connections,
        check);
  }

  /// {@return a server of OpenAI's embeddings that is asked with texts}
  ///
  /// @param server its address
  /// @param model the model's name
  /// @param texts what to ask, at least one
  /// @param connections the most connections
  public static HttpSubject texts(URI server, String model, List<String> texts, int connections) {
    List<HttpMessage> messages = new ArrayList<>();
    for (String text : texts) {
      Map<String, Object> body = new LinkedHashMap<>();
      body.put("model", model);
      body.put("input", text);
      messages.add(
          new HttpMessage("/v1/embeddings", JSON, JsonMapper.shared().writeValueAsBytes(body)));
    }
    return new HttpSubject(
        "%s %s, embeddings of texts".formatted(server, model), server, messages, connections, null);
  }

  /// {@return a server that is asked with bodies as they stand in a file, one a line}
  ///
  /// @param server its address
  /// @param model the model's name; put into bodies for OpenAI's API that name none
  /// @param api how it is asked
  /// @param file the file
  /// @param connections the most connections
  /// @throws IllegalArgumentException if a line is no JSON object, or there is none
  public static HttpSubject lines(
      URI server, String model, HttpApi api, Path file, int connections) {
    List<HttpMessage> messages = new ArrayList<>();
    int number = 0;
    for (String line : read(file)) {
      number++;
      JsonNode node;
      try {
        node = JsonMapper.shared().readTree(line);
      } catch (JacksonException e) {
        throw new IllegalArgumentException(
            "%s, line %d is no JSON: %s".formatted(file, number, e.getOriginalMessage()), e);
      }
      if (!(node instanceof ObjectNode body)) {
        throw new IllegalArgumentException(
            "%s, line %d: expected a JSON object".formatted(file, number));
      }
      if (api == HttpApi.OPENAI && !body.has("model")) {
        body.put("model", model);
      }
      String path =
          switch (api) {
            case OPENAI -> "/v1/embeddings";
            case V2_JSON, V2_BINARY -> "/v2/models/" + encoded(model) + "/infer";
          };
      messages.add(new HttpMessage(path, JSON, JsonMapper.shared().writeValueAsBytes(body)));
    }
    return new HttpSubject(
        "%s %s, bodies of %s".formatted(server, model, file.getFileName()),
        server,
        messages,
        connections,
        null);
  }

  /// {@return the lines of a file that are not blank}
  ///
  /// @param file the file
  /// @throws IllegalArgumentException if there is none, or more than a million
  public static List<String> read(Path file) {
    try (var lines = Files.lines(file)) {
      List<String> all = lines.filter(line -> !line.isBlank()).limit(MOST_LINES + 1L).toList();
      if (all.isEmpty() || all.size() > MOST_LINES) {
        throw new IllegalArgumentException(
            "%s: expected 1 to %d lines that are not blank".formatted(file, MOST_LINES));
      }
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// {@return what a served model takes and gives, as it tells}
  ///
  /// A dimension that a request decides is named after its input and place, as `input_ids.1`.
  ///
  /// @param server the server's address
  /// @param model the model's name
  /// @throws UncheckedIOException if it cannot be asked
  public static Served served(URI server, String model) {
    URI uri = URI.create(server.toString().replaceAll("/+$", "") + "/v2/models/" + encoded(model));
    try (HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build()) {
      HttpResponse<byte[]> response =
          client.send(
              HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(30)).build(),
              HttpResponse.BodyHandlers.ofByteArray());
      if (response.statusCode() != 200) {
        throw new IOException("%s answers %d".formatted(uri, response.statusCode()));
      }
      ModelMetadata metadata = ModelMetadata.fromJson(response.body());
      return new Served(specs(metadata.inputs()), specs(metadata.outputs()));
    } catch (ConnectException e) {
      throw new UncheckedIOException(new IOException("cannot connect to " + server, e));
    } catch (ProtocolException e) {
      throw new UncheckedIOException(new IOException(uri + ": " + e.getMessage(), e));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new IOException("interrupted while waiting for " + uri, e));
    }
  }

  /// What a served model takes and gives.
  ///
  /// @param inputs what it takes
  /// @param outputs what it gives
  public record Served(List<TensorSpec> inputs, List<TensorSpec> outputs) {}

  private static List<TensorSpec> specs(List<TensorMetadata> tensors) {
    List<TensorSpec> specs = new ArrayList<>();
    for (TensorMetadata tensor : tensors) {
      List<Dim> dims = new ArrayList<>();
      for (int i = 0; i < tensor.shape().size(); i++) {
        long extent = tensor.shape().get(i);
        dims.add(extent < 0 ? new Dim.Symbol(tensor.name() + "." + i) : new Dim.Known(extent));
      }
      specs.add(new TensorSpec(tensor.name(), tensor.dtype(), dims));
    }
    return specs;
  }

  private static String encoded(String name) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /// The known answers of cases.
  private record KnownAnswers(List<Case> cases, double tolerance) implements AnswerCheck {
    private static final InferReader READER = new InferReader(Limits.defaults());

    @Override
    public boolean isRight(int sample, @Nullable String jsonLength, byte[] body) {
      Case asked = cases.get(sample);
      try (Arena arena = Arena.ofConfined()) {
        InferResponse response =
            READER.response(body, Message.jsonLength(jsonLength, body.length), arena);
        Map<String, Tensor> answers = new LinkedHashMap<>();
        response.outputs().forEach(output -> answers.put(output.name(), output.tensor()));
        return Comparison.of(asked.expected(), answers, tolerance).matches();
      } catch (ProtocolException e) {
        return false;
      }
    }
  }
}
