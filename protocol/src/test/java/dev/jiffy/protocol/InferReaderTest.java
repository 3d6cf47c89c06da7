package dev.jiffy.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class InferReaderTest {
  private static final InferReader READER = new InferReader(new Limits(4, 1000, 4, 12, 64));

  private static InferRequest read(String json, byte... binary) {
    byte[] text = json.getBytes(StandardCharsets.UTF_8);
    byte[] body = Arrays.copyOf(text, text.length + binary.length);
    System.arraycopy(binary, 0, body, text.length, binary.length);
    return READER.request(body, text.length, Arena.ofAuto());
  }

  private static String input(String datatype, String shape, String data) {
    return """
    {"inputs":[{"name":"x","shape":%s,"datatype":"%s","data":%s}]}\
    """
        .formatted(shape, datatype, data);
  }

  private static Tensor one(InferRequest request) {
    assertEquals(1, request.inputs().size());
    return request.inputs().getFirst().tensor();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[2,3]   | [1,2,3,4,5,6]",
        "[2,3]   | [[1,2,3],[4,5,6]]",
        "[1,2,3] | [[[1,2,3],[4,5,6]]]",
        "[3,2,1] | [[[1],[2]],[[3],[4]],[[5],[6]]]",
        "[6]     | [1, 2.0, 3e0, 40e-1, 5, 6]"
      })
  void elementsNestedOrFlat(String shape, String data) {
    assertArrayEquals(
        new float[] {1, 2, 3, 4, 5, 6}, one(read(input("FP32", shape, data))).toFloats());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"[0]|[]", "[0,3]|[]", "[2,0]|[]", "[2,0]|[[],[]]", "[0,0,2]|[]"})
  void emptyTensors(String shape, String data) {
    assertEquals(0, one(read(input("INT64", shape, data))).shape().elements());
  }

  @Test
  void scalarsMayGoWithoutBrackets() {
    assertEquals(7, one(read(input("INT32", "[]", "7"))).getLong(0));
    assertEquals(7, one(read(input("INT32", "[]", "[7]"))).getLong(0));
  }

  @Test
  void extremesOfIntegers() {
    assertEquals(-1, one(read(input("UINT64", "[1]", "[18446744073709551615]"))).getLong(0));
    assertEquals(
        Long.MIN_VALUE, one(read(input("INT64", "[1]", "[-9223372036854775808]"))).getLong(0));
    assertArrayEquals(
        new long[] {-128, 127}, one(read(input("INT8", "[2]", "[-128,127]"))).toLongs());
    assertArrayEquals(
        new long[] {0, 65535}, one(read(input("UINT16", "[2]", "[0,65535]"))).toLongs());
  }

  @Test
  void fieldsInAnyOrderAndUnknownOnesAreSkipped() {
    InferRequest request =
        read(
            """
            {"model_name":"m","outputs":null,"extra":[{"a":[]}],"inputs":[
              {"data":[[1,2]],"more":{},"datatype":"UINT8","name":"ä","shape":[1,2]}],"id":"i"}\
            """);
    assertEquals("i", request.id());
    assertEquals("ä", request.inputs().getFirst().name());
    assertArrayEquals(new long[] {1, 2}, one(request).toLongs());
  }

  @Test
  void binaryAndJsonMixed() {
    InferRequest request =
        read(
            """
            {"inputs":[
              {"name":"a","shape":[2],"datatype":"BOOL","parameters":{"binary_data_size":2}},
              {"name":"b","shape":[1],"datatype":"INT32","data":[5]},
              {"name":"c","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":9}}],
             "outputs":[{"name":"y","parameters":{"binary_data":true}},{"name":"z"}]}\
            """,
            new byte[] {1, 0, 1, 0, 0, 0, 'h', 0, 0, 0, 0});
    assertArrayEquals(new long[] {1, 0}, request.inputs().get(0).tensor().toLongs());
    assertEquals(5, request.inputs().get(1).tensor().getLong(0));
    assertEquals(List.of("h", ""), request.inputs().get(2).tensor().strings());
    assertTrue(request.wantsBinary("y"));
    assertFalse(request.wantsBinary("z"));
  }

  @Test
  void outputsAreBinaryByTheRequestsParameterUnlessTheySayOtherwise() {
    InferRequest request =
        read(
            """
            {"parameters":{"binary_data_output":true},"inputs":[],
             "outputs":[{"name":"y","parameters":{"binary_data":false}},{"name":"z"}]}\
            """);
    assertFalse(request.wantsBinary("y"));
    assertTrue(request.wantsBinary("z"));
    assertTrue(request.wants("z"));
    assertFalse(request.wants("other"));
  }

  record Broken(String says, String json, String latin1) {
    Broken(String says, String json, byte... binary) {
      this(says, json, new String(binary, StandardCharsets.ISO_8859_1));
    }

    byte[] binary() {
      return latin1.getBytes(StandardCharsets.ISO_8859_1);
    }
  }

  static List<Broken> broken() {
    String binary =
        """
        {"inputs":[{"name":"x","shape":%s,"datatype":"%s","parameters":{"binary_data_size":%s}}]}\
        """;
    return List.of(
        new Broken("empty", ""),
        new Broken("not valid JSON", "{"),
        new Broken("not valid JSON", "{\"inputs\":[}"),
        new Broken("not valid JSON", "\u0000\u0001"),
        new Broken("behind the JSON", "{\"inputs\":[]} 1"),
        new Broken("must be an object", "[]"),
        new Broken("lacks 'inputs'", "{}"),
        new Broken("'inputs' must be an array", "{\"inputs\":{}}"),
        new Broken("must be an object", "{\"inputs\":[1]}"),
        new Broken(
            "lacks 'name'", "{\"inputs\":[{\"shape\":[],\"datatype\":\"BOOL\",\"data\":[true]}]}"),
        new Broken("lacks 'shape'", "{\"inputs\":[{\"name\":\"x\",\"data\":[]}]}"),
        new Broken("lacks 'datatype'", "{\"inputs\":[{\"name\":\"x\",\"shape\":[1]}]}"),
        new Broken(
            "lacks 'data'", "{\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP32\"}]}"),
        new Broken("Duplicate", "{\"id\":\"a\",\"id\":\"b\",\"inputs\":[]}"),
        new Broken("'id' must be a string", "{\"id\":5,\"inputs\":[]}"),
        new Broken("surrogate", "{\"id\":\"\\ud800\",\"inputs\":[]}"),
        new Broken("surrogate", input("BYTES", "[1]", "[\"\\udc00\\ud800\"]")),
        new Broken("unknown datatype 'FLOAT'", input("FLOAT", "[1]", "[1]")),
        new Broken("unknown datatype", input("fp32", "[1]", "[1]")),
        new Broken("got -1", input("FP32", "[-1]", "[1]")),
        new Broken("every dimension", input("FP32", "[4294967296]", "[1]")),
        new Broken("beyond 64 bits", input("FP32", "[99999999999999999999]", "[1]")),
        new Broken("'shape' must be an integer", input("FP32", "[1.5]", "[1]")),
        new Broken("'shape' of input 'x' must be an array", input("FP32", "1", "[1]")),
        new Broken("more than 4 dimensions", input("FP32", "[1,1,1,1,1]", "[1]")),
        new Broken("2^63", input("FP32", "[2147483647,2147483647,2147483647]", "[1]")),
        new Broken("room for", input("FP32", "[2147483647,2147483647]", "[1]")),
        new Broken("flat with 3", input("FP32", "[3]", "[1,2]")),
        new Broken("flat with 1", input("FP32", "[1]", "[1,2]")),
        new Broken("nested like the shape", input("FP32", "[2,2]", "[[1,2],[3]]")),
        new Broken("nested like the shape", input("FP32", "[2,2]", "[[1,2]]")),
        new Broken("nested like the shape", input("FP32", "[2,2]", "[[1,2],3,4]")),
        new Broken("nested like the shape", input("FP32", "[4]", "[[1,2,3,4]]")),
        new Broken("nested like the shape", input("FP32", "[2,2]", "[1,2,[3,4]]")),
        new Broken("must be an array", input("FP32", "[1]", "1")),
        new Broken("must be an array", input("FP32", "[1]", "null")),
        new Broken("must be a number, got a string", input("FP32", "[1]", "[\"1\"]")),
        new Broken("must be a number, got null", input("FP32", "[1]", "[null]")),
        new Broken("must be an integer", input("INT32", "[1]", "[1.0]")),
        new Broken("must be true or false", input("BOOL", "[1]", "[1]")),
        new Broken("must be a string", input("BYTES", "[1]", "[1]")),
        new Broken("cannot hold", input("FP32", "[1]", "[1e39]")),
        new Broken("cannot hold", input("FP32", "[1]", "[1" + "0".repeat(60) + "]")),
        new Broken("cannot hold", input("FP64", "[1]", "[1e309]")),
        new Broken("not valid JSON", input("FP32", "[1]", "[NaN]")),
        new Broken("cannot hold", input("INT8", "[1]", "[128]")),
        new Broken("cannot hold", input("UINT8", "[1]", "[-1]")),
        new Broken("cannot hold", input("INT32", "[1]", "[2147483648]")),
        new Broken("cannot hold", input("INT64", "[1]", "[9223372036854775808]")),
        new Broken("cannot hold", input("UINT64", "[1]", "[18446744073709551616]")),
        new Broken("cannot hold", input("UINT64", "[1]", "[-1]")),
        new Broken("no form for FP16", input("FP16", "[1]", "[1]")),
        new Broken("no form for BF16", input("BF16", "[1]", "[1]")),
        new Broken("too deeply", "{\"x\":" + "[".repeat(500)),
        new Broken("too long", input("FP32", "[1]", "[" + "1".repeat(5000) + "]")),
        new Broken("64 allowed", "{\"id\":\"" + "x".repeat(65) + "\",\"inputs\":[]}"),
        new Broken("'parameters' must be an object", "{\"parameters\":[],\"inputs\":[]}"),
        new Broken("parameter 'p'", "{\"parameters\":{\"p\":{}},\"inputs\":[]}"),
        new Broken("true or false", "{\"parameters\":{\"binary_data_output\":1},\"inputs\":[]}"),
        new Broken(
            "asked for twice", "{\"inputs\":[],\"outputs\":[{\"name\":\"y\"},{\"name\":\"y\"}]}"),
        new Broken(
            "more than 4 outputs",
            "{\"inputs\":[],\"outputs\":["
                + "{\"name\":\"1\"},{\"name\":\"2\"},{\"name\":\"3\"},{\"name\":\"4\"},{\"name\":\"5\"}]}"),
        new Broken(
            "input 'x' is there twice",
            """
            {"inputs":[{"name":"x","shape":[0],"datatype":"BOOL","data":[]},
                       {"name":"x","shape":[0],"datatype":"BOOL","data":[]}]}\
            """),
        new Broken(
            "both 'data' and",
            """
            {"inputs":[{"name":"x","shape":[1],"datatype":"BOOL","data":[true],
              "parameters":{"binary_data_size":1}}]}\
            """,
            (byte) 1),
        new Broken(
            "shared memory",
            """
            {"inputs":[{"name":"x","shape":[1],"datatype":"BOOL",
              "parameters":{"shared_memory_region":"r","shared_memory_byte_size":1}}]}\
            """),
        new Broken("bytes are left behind the last input", "{\"inputs\":[]}", (byte) 1),
        new Broken("has 1 elements of 4 bytes", binary.formatted("[1]", "FP32", "3"), new byte[3]),
        new Broken("0 to the 3 bytes", binary.formatted("[1]", "FP32", "4"), new byte[3]),
        new Broken("0 to the 0 bytes", binary.formatted("[0]", "FP32", "-4")),
        new Broken("0 to the 4 bytes", binary.formatted("[1]", "FP32", "\"4\""), new byte[4]),
        new Broken("0 to the 4 bytes", binary.formatted("[1]", "FP32", "4.0"), new byte[4]),
        new Broken("left behind the last", binary.formatted("[1]", "FP32", "4"), new byte[5]),
        new Broken(
            "elements of 8 bytes",
            binary.formatted("[2147483647,2147483647,2]", "FP64", "4"),
            new byte[4]),
        new Broken("0 or 1, got 2", binary.formatted("[1]", "BOOL", "1"), (byte) 2),
        new Broken(
            "goes beyond",
            binary.formatted("[1]", "BYTES", "4"),
            (byte) 1,
            (byte) 0,
            (byte) 0,
            (byte) 0),
        new Broken(
            "goes beyond",
            binary.formatted("[1]", "BYTES", "4"),
            (byte) -1,
            (byte) -1,
            (byte) -1,
            (byte) -1),
        new Broken("room for", binary.formatted("[1]", "BYTES", "3"), new byte[3]),
        new Broken(
            "left behind the 1 elements", binary.formatted("[1]", "BYTES", "5"), new byte[5]),
        new Broken(
            "not UTF-8",
            binary.formatted("[1]", "BYTES", "5"),
            (byte) 1,
            (byte) 0,
            (byte) 0,
            (byte) 0,
            (byte) -1));
  }

  @ParameterizedTest
  @MethodSource
  void broken(Broken broken) {
    ProtocolException e =
        assertThrows(ProtocolException.class, () -> read(broken.json(), broken.binary()));
    assertEquals(400, e.status());
    assertTrue(
        String.valueOf(e.getMessage()).contains(broken.says()),
        () -> "expected '" + broken.says() + "' in: " + e.getMessage());
  }

  @Test
  void tooManyBytesAre413() {
    String zeros = "[0" + ",0".repeat(250) + "]";
    ProtocolException e =
        assertThrows(ProtocolException.class, () -> read(input("FP32", "[251]", zeros)));
    assertEquals(413, e.status());
  }

  @Test
  void otherEncodingsOfJsonAreRefused() {
    byte[] body = "{\"inputs\":[]}".getBytes(StandardCharsets.UTF_16);
    assertThrows(ProtocolException.class, () -> READER.request(body, body.length, Arena.ofAuto()));
  }

  @ParameterizedTest
  @CsvSource({"0,0", "10,10", "007,7"})
  void jsonLength(String header, int length) {
    assertEquals(length, Message.jsonLength(header, 10));
  }

  @ParameterizedTest
  @CsvSource({"11", "-1", "''", "1e1", "+1", "99999999999999999999", "'5 '", "abc"})
  void jsonLengthThatCannotBe(String header) {
    ProtocolException e =
        assertThrows(ProtocolException.class, () -> Message.jsonLength(header, 10));
    assertEquals(400, e.status());
  }

  @Test
  void withoutAHeaderAllIsJson() {
    assertEquals(10, Message.jsonLength(null, 10));
  }
}
