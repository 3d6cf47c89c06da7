package dev.jiffy.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InferWriterTest {
  private static InferResponse answer(InferTensor... outputs) {
    return new InferResponse("m", "1", "i", Map.of(), List.of(outputs));
  }

  @Test
  void anAnswerInJson() {
    Message message =
        InferWriter.response(
            answer(
                new InferTensor("f", Tensor.of(new float[] {0.1f, -0f}, 2), false),
                new InferTensor("b", Tensor.of(new boolean[] {true}, 1, 1), false),
                new InferTensor("s", Tensor.ofStrings(List.of("a\"b"), 1), false)));
    assertEquals(
        """
        {"model_name":"m","model_version":"1","id":"i","outputs":[\
        {"name":"f","datatype":"FP32","shape":[2],"data":[0.1,-0.0]},\
        {"name":"b","datatype":"BOOL","shape":[1,1],"data":[true]},\
        {"name":"s","datatype":"BYTES","shape":[1],"data":["a\\"b"]}]}\
        """,
        new String(message.body(), StandardCharsets.UTF_8));
    assertEquals("application/json", message.contentType());
  }

  @Test
  void anAnswerWithBytesBehindTheJson() {
    Message message =
        InferWriter.response(
            answer(
                new InferTensor("a", Tensor.of(new int[] {258}, 1), true),
                new InferTensor("s", Tensor.ofStrings(List.of("ä"), 1), true)));
    String json =
        """
        {"model_name":"m","model_version":"1","id":"i","outputs":[\
        {"name":"a","datatype":"INT32","shape":[1],"parameters":{"binary_data_size":4}},\
        {"name":"s","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":6}}]}\
        """;
    assertEquals(json.length(), message.jsonLength());
    assertEquals("application/octet-stream", message.contentType());
    assertEquals(
        json + "\u0002\u0001\u0000\u0000" + "\u0002\u0000\u0000\u0000\u00c3\u00a4",
        new String(message.body(), StandardCharsets.ISO_8859_1));
  }

  @Test
  void whatJsonCannotSayIsRefused() {
    for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      Tensor tensor = Tensor.of(new float[] {value}, 1);
      assertThrows(
          ProtocolException.class,
          () -> InferWriter.response(answer(new InferTensor("y", tensor, false))));
      InferWriter.response(answer(new InferTensor("y", tensor, true)));
    }
    Tensor half = Tensor.allocate(DType.F16, Shape.of(1));
    assertThrows(
        ProtocolException.class,
        () -> InferWriter.response(answer(new InferTensor("y", half, false))));
  }
}
