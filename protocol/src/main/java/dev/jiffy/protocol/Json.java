package dev.jiffy.protocol;

import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.ByteArrayBuilder;

/// Reading and writing of single JSON values, with failures that a peer can understand.
final class Json {
  /// For texts whose length only the body limits.
  static final int ANY_LENGTH = Integer.MAX_VALUE;

  /// Where something in the body began, as the parser says it: in words of its own, and not always.
  private static final Pattern SOURCE =
      Pattern.compile(
          " ?\\((?:start marker|for \\w+ starting) at \\[Source: [^]]*]\\)| ?\\[Source: [^]]*]");

  private static final JsonFactory FACTORY = factory(Limits.defaults());

  private Json() {}

  /// Reads one JSON value out of the parser that it is given, from its first token to its last.
  ///
  /// @param <T> what the value becomes
  interface Reader<T> extends Function<JsonParser, T> {}

  /// {@return a factory of parsers that stop at the limits}
  static JsonFactory factory(Limits limits) {
    return JsonFactory.builder()
        .streamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(limits.maxDepth())
                .maxNumberLength(1100)
                .maxNameLength(limits.maxNameLength())
                .maxStringLength(Integer.MAX_VALUE)
                .build())
        .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
        .disable(TokenStreamFactory.Feature.CHARSET_DETECTION)
        .build();
  }

  /// {@return what the reader makes of the one JSON value in a body}
  ///
  /// @throws ProtocolException if the body is not exactly one JSON value, or the reader says so
  static <T> T read(byte[] body, int length, Limits limits, Reader<T> reader) {
    JsonFactory factory = limits.equals(Limits.defaults()) ? FACTORY : factory(limits);
    return read(factory, body, length, reader);
  }

  /// {@return what the reader makes of the one JSON value in a body}
  ///
  /// @throws ProtocolException if the body is not exactly one JSON value, or the reader says so
  static <T> T read(JsonFactory factory, byte[] body, int length, Reader<T> reader) {
    try (JsonParser json = factory.createParser(ObjectReadContext.empty(), body, 0, length)) {
      if (json.nextToken() == null) {
        throw ProtocolException.badRequest("the body is empty, expected JSON");
      }
      T value = reader.apply(json);
      if (json.nextToken() != null) {
        throw ProtocolException.badRequest(
            "unexpected content behind the JSON at byte %d", offset(json));
      }
      return value;
    } catch (JacksonException e) {
      throw malformed(e);
    }
  }

  static ProtocolException malformed(JacksonException e) {
    if (e instanceof StreamConstraintsException) {
      return new ProtocolException(
          400, "the JSON is nested too deeply, or a name or number in it is too long", e);
    }
    String where = e.getLocation() == null ? "" : " at byte " + e.getLocation().getByteOffset();
    String what = SOURCE.matcher(e.getOriginalMessage()).replaceAll("");
    int detail = what.indexOf('\n');
    return new ProtocolException(
        400,
        "the body is not valid JSON%s: %s"
            .formatted(where, detail < 0 ? what : what.substring(0, detail)),
        e);
  }

  /// {@return the position of the current token in the body, in bytes}
  static int offset(JsonParser json) {
    return Math.toIntExact(json.currentTokenLocation().getByteOffset());
  }

  /// {@return the bytes that a writer writes}
  static byte[] bytes(Consumer<JsonGenerator> writer) {
    try (ByteArrayBuilder bytes = new ByteArrayBuilder()) {
      try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), bytes)) {
        writer.accept(json);
      }
      return bytes.toByteArray();
    }
  }

  static void startObject(JsonParser json, String what) {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw wrong(json, what, "an object");
    }
  }

  static void startArray(JsonParser json, String what) {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      throw wrong(json, what, "an array");
    }
  }

  static ProtocolException wrong(JsonParser json, String what, String expected) {
    return ProtocolException.badRequest(
        "%s must be %s, got %s at byte %d",
        what, expected, describe(json.currentToken()), offset(json));
  }

  static String describe(@Nullable JsonToken token) {
    return switch (token) {
      case null -> "the end";
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case END_ARRAY -> "the end of the array";
      case END_OBJECT -> "the end of the object";
      case VALUE_STRING -> "a string";
      case VALUE_NUMBER_INT -> "an integer";
      case VALUE_NUMBER_FLOAT -> "a number with fraction or exponent";
      case VALUE_TRUE, VALUE_FALSE -> "a truth value";
      case VALUE_NULL -> "null";
      case PROPERTY_NAME, NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT -> "something else";
    };
  }

  static <T> T required(@Nullable T value, String field, String where) {
    if (value == null) {
      throw ProtocolException.badRequest("%s lacks '%s'", where, field);
    }
    return value;
  }

  /// {@return the current string}
  static String text(JsonParser json, String field, int maxLength) {
    if (json.currentToken() != JsonToken.VALUE_STRING) {
      throw wrong(json, "'" + field + "'", "a string");
    }
    String text = json.getString();
    if (text.length() > maxLength) {
      throw ProtocolException.badRequest(
          "'%s' has %d characters, more than the %d allowed", field, text.length(), maxLength);
    }
    if (!isWellFormed(text)) {
      throw ProtocolException.badRequest(
          "'%s' has half of a surrogate pair at byte %d", field, offset(json));
    }
    return text;
  }

  /// {@return the current string, or null for JSON's null}
  static @Nullable String textOrNull(JsonParser json, String field, int maxLength) {
    return json.currentToken() == JsonToken.VALUE_NULL ? null : text(json, field, maxLength);
  }

  static boolean isWellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (Character.isLowSurrogate(c)
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  static List<String> texts(JsonParser json, String field) {
    List<String> texts = new ArrayList<>();
    startArray(json, field);
    while (json.nextToken() != JsonToken.END_ARRAY) {
      texts.add(text(json, field, ANY_LENGTH));
    }
    return texts;
  }

  static void writeTexts(JsonGenerator json, String field, List<String> texts) {
    json.writeArrayPropertyStart(field);
    for (String text : texts) {
      json.writeString(text);
    }
    json.writeEndArray();
  }

  /// {@return the current integer}
  static long whole(JsonParser json, String field) {
    if (json.currentToken() != JsonToken.VALUE_NUMBER_INT) {
      throw wrong(json, "'" + field + "'", "an integer");
    }
    if (json.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
      throw ProtocolException.badRequest(
          "'%s' has an integer beyond 64 bits at byte %d", field, offset(json));
    }
    return json.getLongValue();
  }

  static DType datatype(JsonParser json, String where) {
    String name = text(json, "datatype", ANY_LENGTH);
    DType dtype = Datatypes.dtype(name);
    if (dtype == null) {
      throw ProtocolException.badRequest(
          "%s has the unknown datatype '%s'", where, ProtocolException.shortened(name));
    }
    return dtype;
  }

  /// {@return the parameters in the current object; null has none}
  static Map<String, Parameter> parameters(JsonParser json, Limits limits) {
    return parameters(json, limits, name -> {});
  }

  /// {@return the parameters in the current object; null has none}
  ///
  /// @param names takes each name before its value is read
  static Map<String, Parameter> parameters(JsonParser json, Limits limits, Consumer<String> names) {
    if (json.currentToken() == JsonToken.VALUE_NULL) {
      return Map.of();
    }
    startObject(json, "'parameters'");
    Map<String, Parameter> parameters = new LinkedHashMap<>();
    for (String name = json.nextName(); name != null; name = json.nextName()) {
      if (!isWellFormed(name)) {
        throw ProtocolException.badRequest("a parameter's name has half of a surrogate pair");
      }
      names.accept(name);
      JsonToken token = json.nextToken();
      Parameter value =
          switch (token) {
            case VALUE_STRING -> new Parameter.Text(text(json, name, limits.maxNameLength()));
            case VALUE_NUMBER_INT -> new Parameter.Whole(whole(json, name));
            case VALUE_NUMBER_FLOAT -> new Parameter.Real(finite(json, name));
            case VALUE_TRUE -> new Parameter.Flag(true);
            case VALUE_FALSE -> new Parameter.Flag(false);
            case null, default ->
                throw wrong(json, "parameter '" + name + "'", "a string, number or truth value");
          };
      parameters.put(name, value);
      if (parameters.size() > limits.maxTensors()) {
        throw ProtocolException.badRequest("more than %d parameters", limits.maxTensors());
      }
    }
    return parameters;
  }

  private static double finite(JsonParser json, String field) {
    double value = json.getDoubleValue();
    if (!Double.isFinite(value)) {
      throw ProtocolException.badRequest("'%s' is beyond the range of FP64", field);
    }
    return value;
  }

  static void writeParameters(JsonGenerator json, Map<String, Parameter> parameters) {
    parameters.forEach((name, parameter) -> {
      switch (parameter) {
        case Parameter.Text(String value) -> json.writeStringProperty(name, value);
        case Parameter.Whole(long value) -> json.writeNumberProperty(name, value);
        case Parameter.Real(double value) -> json.writeNumberProperty(name, value);
        case Parameter.Flag(boolean value) -> json.writeBooleanProperty(name, value);
      }
    });
  }
}
