package dev.jiffy.protocol;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// A request for the vectors of texts, in the form of OpenAI's embeddings API.
///
/// @param model the model's name
/// @param input the texts, at least one
/// @param base64 whether vectors are to travel as base64 of little-endian f32 instead of numbers
public record EmbeddingsRequest(String model, Input input, boolean base64) {
  private static final int MAX_TEXTS = 2048;
  private static final int MAX_TOKENS = 1 << 20;

  /// What is to become vectors.
  public sealed interface Input {
    /// Texts.
    ///
    /// @param texts at least one
    record Texts(List<String> texts) implements Input {
      /// Copies the list.
      public Texts {
        texts = List.copyOf(texts);
      }
    }

    /// Texts that are tokens already.
    ///
    /// @param texts the tokens of each text, none without tokens
    record Tokens(List<int[]> texts) implements Input {
      /// Copies the list.
      public Tokens {
        texts = List.copyOf(texts);
      }
    }
  }

  /// {@return the request in a body}
  ///
  /// @param body the JSON
  /// @throws ProtocolException if it is no such JSON
  public static EmbeddingsRequest fromJson(byte[] body) {
    return Json.read(body, body.length, Limits.defaults(), EmbeddingsRequest::read);
  }

  private static EmbeddingsRequest read(JsonParser json) {
    String what = "the request";
    String model = null;
    Input input = null;
    boolean base64 = false;
    Json.startObject(json, what);
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      json.nextToken();
      switch (field) {
        case "model" -> model = Json.text(json, field, Limits.defaults().maxNameLength());
        case "input" -> input = input(json);
        case "encoding_format" -> base64 = isBase64(json);
        case "dimensions" -> {
          if (json.currentToken() != JsonToken.VALUE_NULL) {
            throw ProtocolException.badRequest("'dimensions' is not supported");
          }
        }
        default -> json.skipChildren();
      }
    }
    return new EmbeddingsRequest(
        Json.required(model, "model", what), Json.required(input, "input", what), base64);
  }

  private static boolean isBase64(JsonParser json) {
    @Nullable String format = Json.textOrNull(json, "encoding_format", Json.ANY_LENGTH);
    if (format == null || format.equals("float")) {
      return false;
    }
    if (!format.equals("base64")) {
      throw ProtocolException.badRequest(
          "'encoding_format' must be 'float' or 'base64', got '%s'",
          ProtocolException.shortened(format));
    }
    return true;
  }

  private static Input input(JsonParser json) {
    if (json.currentToken() == JsonToken.VALUE_STRING) {
      return new Input.Texts(List.of(Json.text(json, "input", Json.ANY_LENGTH)));
    }
    Json.startArray(json, "'input'");
    return switch (json.nextToken()) {
      case VALUE_STRING -> texts(json);
      case VALUE_NUMBER_INT -> new Input.Tokens(List.of(tokens(json)));
      case START_ARRAY -> tokenLists(json);
      case END_ARRAY -> throw ProtocolException.badRequest("'input' must not be empty");
      case null, default ->
          throw Json.wrong(json, "'input'", "a string, strings, tokens or lists of tokens");
    };
  }

  private static Input texts(JsonParser json) {
    List<String> texts = new ArrayList<>();
    while (json.currentToken() != JsonToken.END_ARRAY) {
      checkCount(texts.size());
      texts.add(Json.text(json, "input", Json.ANY_LENGTH));
      json.nextToken();
    }
    return new Input.Texts(texts);
  }

  private static Input tokenLists(JsonParser json) {
    List<int[]> texts = new ArrayList<>();
    while (json.currentToken() != JsonToken.END_ARRAY) {
      checkCount(texts.size());
      Json.startArray(json, "each of 'input'");
      json.nextToken();
      texts.add(tokens(json));
      json.nextToken();
    }
    return new Input.Tokens(texts);
  }

  private static void checkCount(int texts) {
    if (texts == MAX_TEXTS) {
      throw ProtocolException.badRequest("'input' has more than %d texts", MAX_TEXTS);
    }
  }

  private static int[] tokens(JsonParser json) {
    int[] tokens = new int[16];
    int count = 0;
    while (json.currentToken() != JsonToken.END_ARRAY) {
      long token = Json.whole(json, "input");
      if (token < 0 || token > Integer.MAX_VALUE) {
        throw ProtocolException.badRequest("'input' has the token %d", token);
      }
      if (count == MAX_TOKENS) {
        throw ProtocolException.badRequest("'input' has more than %d tokens", MAX_TOKENS);
      }
      if (count == tokens.length) {
        tokens = Arrays.copyOf(tokens, 2 * count);
      }
      tokens[count++] = (int) token;
      json.nextToken();
    }
    if (count == 0) {
      throw ProtocolException.badRequest("'input' has a text without tokens");
    }
    return Arrays.copyOf(tokens, count);
  }
}
