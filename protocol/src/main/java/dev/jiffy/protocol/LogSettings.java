package dev.jiffy.protocol;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// How much a server writes into its log, and in which form: the protocol's extension `logging`.
///
/// @param values what is said, by name, such as `log_info` or `log_verbose_level`; in a request
///   only what is to change
public record LogSettings(Map<String, Parameter> values) {
  /// Copies the map, in its order.
  public LogSettings {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /// {@return what a body says}
  ///
  /// @param body the JSON
  /// @throws ProtocolException if it is no object of texts, numbers and truth values
  public static LogSettings fromJson(byte[] body) {
    Limits limits = Limits.defaults();
    return new LogSettings(
        Json.read(body, body.length, limits, json -> Json.parameters(json, limits)));
  }

  /// {@return what a message `LogSettingsRequest` or `LogSettingsResponse` says}
  ///
  /// @param bytes the message
  /// @throws ProtocolException if it is malformed
  public static LogSettings fromWire(byte[] bytes) {
    WireReader message = new WireReader(bytes);
    Map<String, Parameter> values = Map.of();
    for (int tag = message.tag(); tag != 0; tag = message.tag()) {
      if (WireReader.field(tag) == 1) {
        message.expect(tag, WireReader.LENGTH, "settings");
        values = WireParameters.add(values, message.message(), Limits.defaults());
      } else {
        message.skip(tag);
      }
    }
    return new LogSettings(values);
  }

  /// {@return the JSON form}
  public byte[] toJson() {
    return Json.bytes(json -> {
      json.writeStartObject();
      Json.writeParameters(json, values);
      json.writeEndObject();
    });
  }

  /// {@return the bytes of the gRPC message `LogSettingsResponse`}
  public byte[] toWire() {
    WireWriter message = new WireWriter(256);
    WireParameters.write(message, 1, values); // of these kinds, its values have the same fields
    return message.toBytes();
  }
}
