package org.hearth.server.services.media.federation;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MultipartReaderTest {
  private static final String GOOD =
      "before\r\n--b\r\ncontent-type: application/json\r\n\r\n{}\r\n--b  \r\n"
          + "Content-Type: image/png\r\nX: y\r\n\r\n\r\r\n--\r\n-b\r\n--c\r\n--b--\r\nbehind";
  private static final String MEDIA = "\r\r\n--\r\n-b\r\n--c";

  /// So many bytes at a time.
  private static InputStream slow(String text, int bytes) {
    return new FilterInputStream(new ByteArrayInputStream(text.getBytes(ISO_8859_1))) {
      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        return super.read(into, offset, Math.min(length, bytes));
      }
    };
  }

  private static String read(String body, int bytes) throws IOException {
    MultipartReader reader = new MultipartReader(slow(body, bytes), "b");
    reader.skip(100);
    assertThat(reader.headers()).containsEntry("content-type", "application/json");
    reader.skip(100);
    assertThat(reader.headers()).isEqualTo(Map.of("content-type", "image/png", "x", "y"));
    ByteArrayOutputStream media = new ByteArrayOutputStream();
    reader.transferTo(media, 100_000);
    return media.toString(ISO_8859_1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 7, 100_000})
  void readsPartsHoweverTheyCome(int bytes) throws IOException {
    assertThat(read(GOOD, bytes)).isEqualTo(MEDIA);
    assertThat(read(GOOD.substring("before\r\n".length()), bytes)).isEqualTo(MEDIA);
    String large = "x\r\n--".repeat(20_000);
    assertThat(read(GOOD.replace(MEDIA, large), 64 * bytes)).isEqualTo(large);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nothing",
        "--b",
        "--b--\r\n",
        "--bb\r\ncontent-type: application/json\r\n\r\n{}\r\n--b--",
        "--b\r\ncontent-type: application/json\r\n\r\n{}\r\n--b--",
        "--b\r\ncontent-type: application/json\r\n\r\n{}",
        "--b\r\ncontent-type: application/json\r\n\r\n{}\r\n--b\r\ncontent-type: image/png\r\nx: y",
        "--b\r\ncontent-type: application/json\r\n\r\n{}\r\n--b\r\ncontent-type: image/png\r\n"
            + "x: y\r\n\r\nabc\r\n--",
        "--b\r\nno header\r\n\r\n"
      })
  void whatIsCutOffIsRefused(String body) {
    assertThatThrownBy(() -> read(body, 3)).isInstanceOf(MultipartReader.Malformed.class);
  }

  @Test
  void whatNeverEndsIsRefused() {
    assertThatThrownBy(() -> read("x".repeat(1_000), 10))
        .isInstanceOf(MultipartReader.Malformed.class);
    assertThatThrownBy(() -> read("--b\r\n" + "x".repeat(10_000), 10))
        .isInstanceOf(MultipartReader.Malformed.class);
    assertThatThrownBy(() -> read("--b\r\n" + "x: y\r\nz%d: y\r\n".repeat(1_000), 10))
        .isInstanceOf(MultipartReader.Malformed.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "multipart/mixed; boundary=abc | abc",
        "Multipart/Mixed;charset=utf-8;  Boundary=\"a b'c\" | a b'c",
        "multipart/mixed; boundary=abc; charset=x | abc",
        "multipart/mixed | ",
        "multipart/form-data; boundary=abc | ",
        "multipart/mixed; boundary= | ",
        "application/json | "
      })
  void findsTheBoundary(String contentType, String expected) {
    assertThat(MultipartReader.boundary(contentType)).isEqualTo(Optional.ofNullable(expected));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "attachment; filename=a.png | a.png",
        "inline; filename=\"a \\\"b\\\".png\" | a \"b\".png",
        "inline; filename=\"x\"; filename*=utf-8''%C3%A4.png | ä.png",
        "inline; filename*=UTF-8'en'%ff.png; filename=y | y",
        "inline; filename=\"../../etc/passwd\" | passwd",
        "inline; filename=\"C:\\\\boot.ini\" | boot.ini",
        "inline; filename*=utf-8''a%00%0A%E2%80%AEgnp.exe | agnp.exe",
        "inline; filename=\"..\" | ",
        "inline | "
      })
  void findsTheFileName(String disposition, String expected) {
    assertThat(FileNames.of(disposition)).isEqualTo(Optional.ofNullable(expected));
  }
}
