package dev.jiffy.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.protocol.EmbeddingsRequest.Input;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmbeddingsTest {
  private static EmbeddingsRequest read(String json) {
    return EmbeddingsRequest.fromJson(json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void inputsOfEveryForm() {
    assertEquals(
        new EmbeddingsRequest("m", new Input.Texts(List.of("a")), false),
        read("{\"model\":\"m\",\"input\":\"a\"}"));
    assertEquals(
        new EmbeddingsRequest("m", new Input.Texts(List.of("a", "")), true),
        read(
            "{\"input\":[\"a\",\"\"],\"encoding_format\":\"base64\",\"user\":\"u\",\"model\":\"m\"}"));
    Input one = read("{\"model\":\"m\",\"input\":[1,2]}").input();
    assertArrayEquals(
        new int[] {1, 2}, assertInstanceOf(Input.Tokens.class, one).texts().getFirst());
    Input two = read("{\"model\":\"m\",\"input\":[[1,2],[3]]}").input();
    assertArrayEquals(new int[] {3}, assertInstanceOf(Input.Tokens.class, two).texts().getLast());
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "{\"model\":\"m\"} | lacks 'input'",
        "{\"input\":\"a\"} | lacks 'model'",
        "{\"model\":\"m\",\"input\":[]} | must not be empty",
        "{\"model\":\"m\",\"input\":5} | 'input' must be an array",
        "{\"model\":\"m\",\"input\":[\"a\",1]} | must be a string",
        "{\"model\":\"m\",\"input\":[1,\"a\"]} | must be an integer",
        "{\"model\":\"m\",\"input\":[[1],2]} | must be an array",
        "{\"model\":\"m\",\"input\":[[]]} | without tokens",
        "{\"model\":\"m\",\"input\":[-1]} | the token -1",
        "{\"model\":\"m\",\"input\":[null]} | must be a string",
        "{\"model\":\"m\",\"input\":\"a\",\"encoding_format\":\"hex\"} | 'float' or 'base64'",
        "{\"model\":\"m\",\"input\":\"a\",\"dimensions\":3} | not supported",
        "{\"model\":\"m\",\"input\":\"\\ud800\"} | surrogate",
        "{\"model\":\"m\",\"input\":\"a\" | not valid JSON",
      })
  void broken(String json, String says) {
    ProtocolException e = assertThrows(ProtocolException.class, () -> read(json));
    assertEquals(400, e.status());
    assertTrue(String.valueOf(e.getMessage()).contains(says), e::getMessage);
  }

  @Test
  void answers() {
    EmbeddingsResponse answer = new EmbeddingsResponse("m", List.of(new float[] {0.5f, -1}), 3);
    assertEquals(
        """
        {"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-1.0]}],\
        "model":"m","usage":{"prompt_tokens":3,"total_tokens":3}}\
        """,
        new String(answer.toJson(false), StandardCharsets.UTF_8));
    assertTrue(
        new String(answer.toJson(true), StandardCharsets.UTF_8)
            .contains("\"embedding\":\"AAAAPwAAgL8=\""));
  }
}
