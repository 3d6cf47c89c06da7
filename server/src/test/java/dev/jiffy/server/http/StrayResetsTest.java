package dev.jiffy.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2FrameTypes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What Netty hears of a client behind the guard.
class StrayResetsTest {
  private static final byte[] CANCEL = {0, 0, 0, 8};

  /// POST, http, /, of HPACK's table.
  private static final byte[] HEAD = {(byte) 0x83, (byte) 0x86, (byte) 0x84};

  private final List<String> heard = new ArrayList<>();
  private final List<ByteBuf> said = new ArrayList<>();

  /// What a client says after the preface and settings of HTTP/2.
  private static final class Bytes {
    private final ByteBuf bytes = Unpooled.buffer();

    Bytes() {
      bytes.writeBytes(Http2CodecUtil.connectionPrefaceBuf());
      say(Http2FrameTypes.SETTINGS, 0, new byte[0]);
    }

    Bytes say(int type, int stream, byte[] payload) {
      bytes.writeMedium(payload.length).writeByte(type);
      bytes.writeByte(type == Http2FrameTypes.HEADERS ? Http2Flags.END_HEADERS : 0);
      bytes.writeInt(stream).writeBytes(payload);
      return this;
    }

    byte[] all() {
      return ByteBufUtil.getBytes(bytes);
    }
  }

  private final class Ear extends Http2FrameAdapter {
    @Override
    public int onDataRead(
        ChannelHandlerContext context, int stream, ByteBuf data, int padding, boolean isLast) {
      heard.add("data " + stream + ": " + data.readableBytes());
      return data.readableBytes() + padding;
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext context, int stream, long code) {
      heard.add("reset " + stream);
    }

    @Override
    public void onPingRead(ChannelHandlerContext context, long content) {
      heard.add("ping");
    }
  }

  private EmbeddedChannel http2() {
    return new EmbeddedChannel(
        new StrayResets(),
        new Http2ConnectionHandlerBuilder().server(true).frameListener(new Ear()).build());
  }

  private void say(EmbeddedChannel connection, byte[] bytes, int piece) {
    for (int i = 0; i < bytes.length; i += piece) {
      ByteBuf part =
          Unpooled.copiedBuffer(Arrays.copyOfRange(bytes, i, Math.min(bytes.length, i + piece)));
      said.add(part);
      connection.writeInbound(part);
    }
  }

  private void checkThatNothingLeaks(EmbeddedChannel connection) {
    connection.finishAndReleaseAll();
    said.forEach(part -> assertEquals(0, part.refCnt()));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 9, 12, 13, 14, 64, 10_000})
  void resetsOfStreamsThatNeverWereAreNotHeard(int piece) {
    EmbeddedChannel connection = http2();
    byte[] bytes =
        new Bytes()
            .say(Http2FrameTypes.RST_STREAM, 1, CANCEL)
            .say(Http2FrameTypes.HEADERS, 3, HEAD)
            .say(Http2FrameTypes.DATA, 3, new byte[300])
            .say(Http2FrameTypes.RST_STREAM, 5, CANCEL)
            .say(Http2FrameTypes.RST_STREAM, 7, CANCEL)
            .say(Http2FrameTypes.HEADERS, 9, HEAD)
            .say(Http2FrameTypes.RST_STREAM, 3, CANCEL)
            .say(Http2FrameTypes.RST_STREAM, 3, CANCEL)
            .say(Http2FrameTypes.RST_STREAM, 9, CANCEL)
            .say(Http2FrameTypes.RST_STREAM, 11, CANCEL)
            .say(Http2FrameTypes.PING, 0, new byte[8])
            .all();
    say(connection, bytes, piece);
    assertEquals(List.of("data 3: 300", "reset 3", "reset 9", "ping"), heard);
    checkThatNothingLeaks(connection);
  }

  /// What nobody sends by mistake is Netty's to judge.
  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void resetsOfStreamsThatAreNoClientsAreWrong(int stream) {
    EmbeddedChannel connection = http2();
    byte[] bytes =
        new Bytes()
            .say(Http2FrameTypes.RST_STREAM, stream, CANCEL)
            .say(Http2FrameTypes.PING, 0, new byte[8])
            .all();
    say(connection, bytes, bytes.length);
    assertEquals(List.of(), heard);
    checkThatNothingLeaks(connection);
  }

  @Test
  void aResetOfAnotherLengthIsWrong() {
    EmbeddedChannel connection = http2();
    byte[] bytes =
        new Bytes()
            .say(Http2FrameTypes.RST_STREAM, 1, new byte[5])
            .say(Http2FrameTypes.PING, 0, new byte[8])
            .all();
    say(connection, bytes, bytes.length);
    assertEquals(List.of(), heard);
    checkThatNothingLeaks(connection);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSN",
        "\0\0\4\3\0\0\0\0\1\0\0\0\0"
      })
  void whatIsNotHttp2PassesAsItIs(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    EmbeddedChannel connection = new EmbeddedChannel(new StrayResets());
    say(connection, bytes, 1);
    assertNull(connection.pipeline().get(StrayResets.class));
    StringBuilder passed = new StringBuilder();
    for (ByteBuf part = connection.readInbound(); part != null; part = connection.readInbound()) {
      passed.append(part.toString(StandardCharsets.ISO_8859_1));
      part.release();
    }
    assertEquals(text, passed.toString());
    checkThatNothingLeaks(connection);
  }
}
