package dev.jiffy.protocol;

import org.jspecify.annotations.Nullable;

/// A message as it travels: JSON, and behind it the raw bytes of the tensors that are not in the
/// JSON.
public final class Message {
  /// The HTTP header that tells how many of a body's bytes are JSON; without it all are.
  public static final String JSON_LENGTH_HEADER = "Inference-Header-Content-Length";

  private final byte[] body;
  private final int jsonLength;
  private final boolean binary;

  /// @param binary whether the length of the JSON must be told
  Message(byte[] body, int jsonLength, boolean binary) {
    this.body = body;
    this.jsonLength = jsonLength;
    this.binary = binary;
  }

  /// {@return all bytes; not copied, so not to be changed}
  public byte[] body() {
    return body;
  }

  /// {@return how many of the bytes are JSON}
  public int jsonLength() {
    return jsonLength;
  }

  /// {@return whether the length of the JSON must be told in the header [#JSON_LENGTH_HEADER]}
  public boolean binary() {
    return binary;
  }

  /// {@return the media type}
  public String contentType() {
    return binary ? "application/octet-stream" : "application/json";
  }

  /// {@return how many bytes of a body are JSON}
  ///
  /// @param header the value of [#JSON_LENGTH_HEADER], null where the header is not there
  /// @param bodyLength the number of bytes of the body, decompressed
  /// @throws ProtocolException if the value is no number from 0 to `bodyLength`
  public static int jsonLength(@Nullable String header, int bodyLength) {
    if (header == null) {
      return bodyLength;
    }
    long length = -1;
    if (!header.isEmpty() && header.length() <= 10) {
      length = 0;
      for (int i = 0; i < header.length(); i++) {
        int digit = header.charAt(i) - '0';
        if (digit < 0 || digit > 9) {
          length = -1;
          break;
        }
        length = length * 10 + digit;
      }
    }
    if (length < 0 || length > bodyLength) {
      throw ProtocolException.badRequest(
          "header %s must be 0 to the body's %d bytes, got '%s'",
          JSON_LENGTH_HEADER, bodyLength, header.substring(0, Math.min(32, header.length())));
    }
    return (int) length;
  }
}
