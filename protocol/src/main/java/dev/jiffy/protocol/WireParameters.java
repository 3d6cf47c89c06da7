package dev.jiffy.protocol;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/// Parameters in gRPC messages: a map from names to one of several kinds of values.
final class WireParameters {
  private WireParameters() {}

  /// {@return a map with one more entry}
  static Map<String, Parameter> add(
      Map<String, Parameter> parameters, WireReader entry, Limits limits) {
    return add(parameters, entry, limits, name -> {});
  }

  /// {@return a map with one more entry}
  ///
  /// @param names is told the name before the value is read
  static Map<String, Parameter> add(
      Map<String, Parameter> parameters, WireReader entry, Limits limits, Consumer<String> names) {
    String name = "";
    WireReader message = null;
    for (int tag = entry.tag(); tag != 0; tag = entry.tag()) {
      switch (WireReader.field(tag)) {
        case 1 -> {
          entry.expect(tag, WireReader.LENGTH, "parameters");
          name = entry.text("parameters", limits.maxNameLength());
        }
        case 2 -> {
          entry.expect(tag, WireReader.LENGTH, "parameters");
          message = entry.message();
        }
        default -> entry.skip(tag);
      }
    }
    names.accept(name);
    Parameter value = message == null ? new Parameter.Text("") : value(message, name, limits);
    Map<String, Parameter> more =
        parameters instanceof HashMap ? parameters : new HashMap<>(parameters);
    if (more.size() >= limits.maxTensors()) {
      throw ProtocolException.badRequest("more than %d parameters", limits.maxTensors());
    }
    more.put(name, value);
    return more;
  }

  private static Parameter value(WireReader message, String name, Limits limits) {
    Parameter value = new Parameter.Text("");
    for (int tag = message.tag(); tag != 0; tag = message.tag()) {
      switch (WireReader.field(tag)) {
        case 1 -> {
          message.expect(tag, WireReader.VARINT, name);
          value = new Parameter.Flag(message.varint() != 0);
        }
        case 2 -> {
          message.expect(tag, WireReader.VARINT, name);
          value = new Parameter.Whole(message.varint());
        }
        case 3 -> {
          message.expect(tag, WireReader.LENGTH, name);
          value = new Parameter.Text(message.text(name, limits.maxNameLength()));
        }
        case 4 -> {
          message.expect(tag, WireReader.FIXED64, name);
          double real = Double.longBitsToDouble(message.fixed64());
          if (!Double.isFinite(real)) {
            throw ProtocolException.badRequest("parameter '%s' is not finite", name);
          }
          value = new Parameter.Real(real);
        }
        case 5 -> {
          message.expect(tag, WireReader.VARINT, name);
          long whole = message.varint();
          if (whole < 0) {
            throw ProtocolException.badRequest("parameter '%s' is beyond 2^63", name);
          }
          value = new Parameter.Whole(whole);
        }
        default -> message.skip(tag);
      }
    }
    return value;
  }

  static void write(WireWriter message, int field, Map<String, Parameter> parameters) {
    parameters.forEach((name, parameter) -> {
      WireWriter value = new WireWriter(32);
      switch (parameter) {
        case Parameter.Flag(boolean flag) -> value.present(1, flag ? 1 : 0);
        case Parameter.Whole(long whole) -> value.present(2, whole);
        case Parameter.Text(String text) -> value.presentText(3, text);
        case Parameter.Real(double real) -> value.real(4, real);
      }
      WireWriter entry = new WireWriter(64);
      entry.text(1, name);
      entry.message(2, value);
      message.message(field, entry);
    });
  }
}
