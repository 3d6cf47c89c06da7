package dev.jiffy.bench.load;

import dev.jiffy.bench.Case;
import dev.jiffy.bench.Comparison;
import dev.jiffy.protocol.InferReader;
import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.InferResponse;
import dev.jiffy.protocol.InferTensor;
import dev.jiffy.protocol.InferWire;
import dev.jiffy.protocol.InferWriter;
import dev.jiffy.protocol.Limits;
import dev.jiffy.protocol.Message;
import dev.jiffy.protocol.Parameter;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Makes servers to measure of an address and of what they are to be asked.
public final class Requests {
  private static final Map<String, String> JSON = Map.of("Content-Type", "application/json");
  private static final int MOST_LINES = 1_000_000;

  /// What stands before the names of gRPC's methods.
  static final String GRPC_SERVICE = "/inference.GRPCInferenceService/";

  private static final InferReader READER = new InferReader(Limits.defaults());
  private static final InferWire WIRE = new InferWire(Limits.defaults());
  private static final Answers POSTS =
      (jsonLength, body, arena) ->
          READER.response(body, Message.jsonLength(jsonLength, body.length), arena);
  private static final Answers CALLS =
      (jsonLength, body, arena) -> WIRE.readResponse(GrpcFrame.message(body), arena);

  private Requests() {}

  /// {@return a server that is asked with tensors}
  ///
  /// @param server its address
  /// @param model the model's name
  /// @param api how it is asked: one of the Open Inference Protocol
  /// @param cases what to ask, at least one
  /// @param tolerance how far answers may be from known ones; null to not look at them
  /// @param slots the most requests under way
  /// @param connections the connections that share them, for gRPC
  public static HttpSubject tensors(
      URI server,
      String model,
      ServerApi api,
      List<Case> cases,
      @Nullable Double tolerance,
      int slots,
      int connections) {
    boolean isBinary = api != ServerApi.V2_JSON;
    List<HttpMessage> messages = new ArrayList<>();
    for (Case each : cases) {
      List<InferTensor> inputs = new ArrayList<>();
      each.tensors().forEach((name, tensor) -> inputs.add(new InferTensor(name, tensor, isBinary)));
      Map<String, Parameter> parameters =
          api == ServerApi.V2_BINARY
              ? Map.of(InferRequest.BINARY, new Parameter.Flag(true))
              : Map.of();
      InferRequest request = new InferRequest(null, parameters, inputs, List.of());
      messages.add(
          api == ServerApi.V2_GRPC
              ? call(model, request)
              : post(model, InferWriter.request(request)));
    }
    AnswerCheck check =
        tolerance == null
            ? null
            : new KnownAnswers(cases, tolerance, api == ServerApi.V2_GRPC ? CALLS : POSTS);
    String name =
        switch (api) {
          case V2_GRPC -> "gRPC";
          case V2_BINARY -> "tensors as bytes";
          case V2_JSON, OPENAI -> "tensors as JSON";
        };
    return subject(
        "%s %s, %s".formatted(server, model, name),
        server,
        messages,
        api,
        slots,
        connections,
        check);
  }

  private static HttpSubject subject(
      String name,
      URI server,
      List<HttpMessage> messages,
      ServerApi api,
      int slots,
      int connections,
      @Nullable AnswerCheck check) {
    Carrier carrier = api == ServerApi.V2_GRPC ? Carrier.GRPC : Carrier.HTTP;
    return new HttpSubject(name, server, messages, carrier, slots, connections, check);
  }

  private static HttpMessage post(String model, Message message) {
    Map<String, String> headers = new HashMap<>();
    headers.put("Content-Type", message.contentType());
    if (message.binary()) {
      headers.put(Message.JSON_LENGTH_HEADER, "" + message.jsonLength());
    }
    return new HttpMessage(pathOf(model) + "/infer", headers, message.body());
  }

  private static HttpMessage call(String model, InferRequest request) {
    byte[] message = InferWire.request(new InferWire.Call(model, "", request));
    return new HttpMessage(GRPC_SERVICE + "ModelInfer", Map.of(), GrpcFrame.of(message));
  }

  /// {@return the path of what is known of a model}
  static String pathOf(String model) {
    return "/v2/models/" + encoded(model);
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
    String name = "%s %s, embeddings of texts".formatted(server, model);
    return subject(name, server, messages, ServerApi.OPENAI, connections, connections, null);
  }

  /// {@return a server that is asked with bodies as they stand in a file, one a line}
  ///
  /// @param server its address
  /// @param model the model's name; put into bodies for OpenAI's API that name none
  /// @param api how it is asked; for gRPC the bodies, which are those of JSON, become messages
  /// @param file the file
  /// @param slots the most requests under way
  /// @param connections the connections that share them, for gRPC
  /// @throws IllegalArgumentException if a line is no JSON object, or there is none
  public static HttpSubject lines(
      URI server, String model, ServerApi api, Path file, int slots, int connections) {
    List<HttpMessage> messages = new ArrayList<>();
    int number = 0;
    for (String line : read(file)) {
      number++;
      try {
        messages.add(message(model, api, line));
      } catch (JacksonException e) {
        throw new IllegalArgumentException(
            "%s, line %d is no JSON: %s".formatted(file, number, e.getOriginalMessage()), e);
      } catch (ProtocolException e) {
        throw new IllegalArgumentException(
            "%s, line %d: %s".formatted(file, number, e.getMessage()), e);
      }
    }
    String name = "%s %s, bodies of %s".formatted(server, model, file.getFileName());
    return subject(name, server, messages, api, slots, connections, null);
  }

  private static HttpMessage message(String model, ServerApi api, String line) {
    if (!(JsonMapper.shared().readTree(line) instanceof ObjectNode body)) {
      throw new ProtocolException(400, "expected a JSON object");
    }
    return switch (api) {
      case OPENAI -> {
        if (!body.has("model")) {
          body.put("model", model);
        }
        yield new HttpMessage("/v1/embeddings", JSON, JsonMapper.shared().writeValueAsBytes(body));
      }
      case V2_JSON, V2_BINARY ->
          new HttpMessage(
              pathOf(model) + "/infer", JSON, JsonMapper.shared().writeValueAsBytes(body));
      case V2_GRPC -> {
        byte[] json = line.getBytes(StandardCharsets.UTF_8);
        try (Arena arena = Arena.ofConfined()) {
          yield call(model, READER.request(json, json.length, arena));
        }
      }
    };
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

  private static String encoded(String name) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /// The known answers of cases.
  private record KnownAnswers(List<Case> cases, double tolerance, Answers answers)
      implements AnswerCheck {
    @Override
    public boolean isRight(int sample, @Nullable String jsonLength, byte[] body) {
      Case asked = cases.get(sample);
      try (Arena arena = Arena.ofConfined()) {
        Map<String, Tensor> got = new LinkedHashMap<>();
        answers
            .read(jsonLength, body, arena)
            .outputs()
            .forEach(output -> got.put(output.name(), output.tensor()));
        return Comparison.of(asked.expected(), got, tolerance).matches();
      } catch (ProtocolException e) {
        return false;
      }
    }
  }

  /// Reads the body of an answer.
  private interface Answers {
    InferResponse read(@Nullable String jsonLength, byte[] body, Arena arena);
  }
}
