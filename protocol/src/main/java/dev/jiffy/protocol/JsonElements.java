package dev.jiffy.protocol;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteOrder;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// Reads the elements of a tensor out of a JSON array, flat or nested like the shape, and writes
/// them flat.
final class JsonElements {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final JsonParser json;
  private final Tensor tensor;
  private final String label;
  private final long[] dims;

  /// @param json stands on the first token of the data
  /// @param tensor takes the elements
  /// @param label the tensor's name in failures
  JsonElements(JsonParser json, Tensor tensor, String label) {
    this.json = json;
    this.tensor = tensor;
    this.label = label;
    this.dims = tensor.shape().dims();
  }

  /// Reads all elements; afterwards the parser stands on the last token of the data.
  void read() {
    if (dims.length == 0 && json.currentToken().isScalarValue()) {
      element(0);
      return;
    }
    Json.startArray(json, "'data' of " + label);
    if (json.nextToken() == JsonToken.START_ARRAY && dims.length > 1) {
      nested(0, 0);
    } else {
      row(0, tensor.shape().elements());
    }
  }

  /// Reads what is in an array of one dimension, from the token behind its start to its end.
  private long nested(int axis, long at) {
    if (axis == dims.length - 1) {
      row(at, dims[axis]);
      return at + dims[axis];
    }
    for (long i = 0; i < dims[axis]; i++) {
      if (json.currentToken() != JsonToken.START_ARRAY) {
        throw mismatch();
      }
      json.nextToken();
      at = nested(axis + 1, at);
      json.nextToken();
    }
    if (json.currentToken() != JsonToken.END_ARRAY) {
      throw mismatch();
    }
    return at;
  }

  private void row(long from, long count) {
    long to = from + count;
    if (tensor.dtype() == DType.F32) {
      floats(from, to);
    } else {
      for (long i = from; i < to; i++) {
        element(i);
        json.nextToken();
      }
    }
    if (json.currentToken() != JsonToken.END_ARRAY) {
      throw mismatch();
    }
  }

  private void floats(long from, long to) {
    MemorySegment segment = tensor.segment();
    for (long i = from; i < to; i++) {
      JsonToken token = json.currentToken();
      if (token != JsonToken.VALUE_NUMBER_FLOAT && token != JsonToken.VALUE_NUMBER_INT) {
        throw wrongElement("a number");
      }
      segment.set(FLOAT, i << 2, finiteFloat());
      json.nextToken();
    }
  }

  private float finiteFloat() {
    float value = json.getFloatValue();
    if (!Float.isFinite(value)) {
      throw outOfRange();
    }
    return value;
  }

  private void element(long index) {
    JsonToken token = json.currentToken();
    switch (tensor.dtype()) {
      case F32, F64 -> {
        if (!token.isNumeric()) {
          throw wrongElement("a number");
        }
        double value = tensor.dtype() == DType.F32 ? finiteFloat() : json.getDoubleValue();
        if (!Double.isFinite(value)) {
          throw outOfRange();
        }
        tensor.setDouble(index, value);
      }
      case I4, I8, I16, I32, I64, U4, U8, U16, U32, U64 -> {
        if (token != JsonToken.VALUE_NUMBER_INT) {
          throw wrongElement("an integer");
        }
        tensor.setLong(index, integer());
      }
      case BOOL -> {
        if (!token.isBoolean()) {
          throw wrongElement("true or false");
        }
        tensor.setLong(index, token == JsonToken.VALUE_TRUE ? 1 : 0);
      }
      case STRING -> {
        if (token != JsonToken.VALUE_STRING) {
          throw wrongElement("a string");
        }
        tensor.setString(index, Json.text(json, "data", Json.ANY_LENGTH));
      }
      case F16, BF16 -> throw new IllegalStateException("not in JSON: " + tensor.dtype());
    }
  }

  /// {@return the current integer, in range; beyond 2^63 for u64 as its bits}
  private long integer() {
    if (json.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
      BigInteger value = json.getBigIntegerValue();
      if (tensor.dtype() != DType.U64 || value.signum() < 0 || value.bitLength() > 64) {
        throw outOfRange();
      }
      return value.longValue();
    }
    long value = json.getLongValue();
    DType dtype = tensor.dtype();
    int bits = dtype.bits();
    boolean inRange =
        dtype.isUnsigned()
            ? value >= 0 && (bits == 64 || value >>> bits == 0)
            : bits == 64 || value >> (bits - 1) == value >> 63;
    if (!inRange) {
      throw outOfRange();
    }
    return value;
  }

  private ProtocolException outOfRange() {
    return ProtocolException.badRequest(
        "%s has a number at byte %d that %s cannot hold",
        label, Json.offset(json), Datatypes.name(tensor.dtype()));
  }

  private ProtocolException wrongElement(String expected) {
    JsonToken token = json.currentToken();
    if (token == JsonToken.END_ARRAY || token == JsonToken.START_ARRAY) {
      return mismatch();
    }
    return Json.wrong(
        json,
        "each element of %s, which is %s,".formatted(label, Datatypes.name(tensor.dtype())),
        expected);
  }

  private ProtocolException mismatch() {
    return ProtocolException.badRequest(
        "%s: 'data' is neither flat with %d elements nor nested like the shape %s; got %s at byte"
            + " %d",
        label,
        tensor.shape().elements(),
        tensor.shape(),
        Json.describe(json.currentToken()),
        Json.offset(json));
  }

  /// Writes a tensor's elements as one flat array, floats in the shortest form that reads back.
  ///
  /// @throws ProtocolException if JSON has no form for an element
  static void write(JsonGenerator json, Tensor tensor, String label) {
    if (!Datatypes.inJson(tensor.dtype())) {
      throw ProtocolException.badRequest(
          "%s: JSON has no form for %s, ask for binary data",
          label, Datatypes.name(tensor.dtype()));
    }
    long count = tensor.shape().elements();
    json.writeStartArray();
    for (long i = 0; i < count; i++) {
      switch (tensor.dtype()) {
        case F32 -> {
          float value = tensor.segment().get(FLOAT, i << 2);
          checkFinite((double) value, label);
          json.writeNumber(value);
        }
        case F64 -> {
          double value = tensor.getDouble(i);
          checkFinite(value, label);
          json.writeNumber(value);
        }
        case I4, I8, I16, I32, I64, U4, U8, U16, U32 -> json.writeNumber(tensor.getLong(i));
        case U64 -> {
          long value = tensor.getLong(i);
          if (value >= 0) {
            json.writeNumber(value);
          } else {
            json.writeNumber(new BigInteger(Long.toUnsignedString(value)));
          }
        }
        case BOOL -> json.writeBoolean(tensor.getLong(i) != 0);
        case STRING -> json.writeString(tensor.getString(i));
        case F16, BF16 -> throw new IllegalStateException("not in JSON: " + tensor.dtype());
      }
    }
    json.writeEndArray();
  }

  static void checkFinite(double value, String label) {
    if (!Double.isFinite(value)) {
      throw ProtocolException.badRequest(
          "%s holds %s, for which JSON has no form: ask for binary data", label, value);
    }
  }
}
