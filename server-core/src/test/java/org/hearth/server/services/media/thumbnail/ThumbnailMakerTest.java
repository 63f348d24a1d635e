package org.hearth.server.services.media.thumbnail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import org.hearth.server.services.media.thumbnail.ThumbnailSize.Method;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class ThumbnailMakerTest {
  private static final String SECRET = "52.5200 N 13.4050 E";

  @TempDir private Path folder;
  private final ThumbnailMaker maker = new ThumbnailMaker();

  private static ThumbnailSize size(int width, int height, Method method) {
    return new ThumbnailSize(width, height, method, false).made();
  }

  private Made make(byte[] file, ThumbnailSize size) throws IOException {
    Path path = folder.resolve("file");
    return maker.make(Files.write(path, file), size);
  }

  private Made.Thumbnail made(byte[] file, ThumbnailSize size) throws IOException {
    Made made = make(file, size);
    assertThat(made).isInstanceOf(Made.Thumbnail.class);
    return (Made.Thumbnail) made;
  }

  private BufferedImage picture(byte[] file, ThumbnailSize size) throws IOException {
    return ImageIO.read(new ByteArrayInputStream(made(file, size).bytes()));
  }

  private static String dimensions(BufferedImage picture) {
    return picture.getWidth() + "x" + picture.getHeight();
  }

  @ParameterizedTest
  @CsvSource({
    "1000, 500, 320, 240, SCALE, 320x160",
    "500, 1000, 320, 240, SCALE, 120x240",
    "1000, 500, 300, 200, SCALE, 320x160",
    "1000, 500, 641, 480, SCALE, 800x400",
    "1000, 500, 32, 32, CROP, 32x32",
    "1000, 500, 64, 64, CROP, 96x96",
    "1000, 500, 320, 160, CROP, 320x160",
    "1000, 40, 96, 96, CROP, 40x40",
    "40, 1000, 96, 48, CROP, 40x20",
    "3000, 1, 320, 240, SCALE, 320x1"
  })
  void isNoSmallerThanWantedAndNeverLargerThanThePicture(
      int width, int height, int wantedWidth, int wantedHeight, Method method, String expected)
      throws IOException {
    BufferedImage made =
        picture(Pictures.png(width, height), size(wantedWidth, wantedHeight, method));

    assertThat(dimensions(made)).isEqualTo(expected);
  }

  @Test
  void whatIsSmallerThanWantedIsGivenAsItIs() throws IOException {
    assertThat(make(Pictures.png(20, 10), size(320, 240, Method.SCALE)))
        .isEqualTo(new Made.Original("image/png"));
    assertThat(make(Pictures.jpeg(20, 10), size(32, 32, Method.CROP)))
        .isInstanceOf(Made.Thumbnail.class);
    assertThat(make(Pictures.jpeg(30, 30), size(32, 32, Method.CROP)))
        .isEqualTo(new Made.Original("image/jpeg"));
    assertThat(make(Pictures.jpeg(3000, 30), size(2000, 2000, Method.SCALE)))
        .isEqualTo(new Made.Original("image/jpeg"));
  }

  @Test
  void isUprightAndSaysNothingOfWhereItWasTaken() throws IOException {
    byte[] photo = Pictures.withSegment(Pictures.jpeg(1000, 500), 0xe1, Pictures.exif(6, SECRET));
    assertThat(new String(photo, ISO_8859_1)).contains(SECRET);

    Made.Thumbnail made = made(photo, size(320, 240, Method.SCALE));
    BufferedImage picture = ImageIO.read(new ByteArrayInputStream(made.bytes()));

    assertThat(made.contentType()).isEqualTo("image/jpeg");
    assertThat(new String(made.bytes(), ISO_8859_1)).doesNotContain(SECRET, "Exif");
    assertThat(dimensions(picture)).isEqualTo("120x240");
    // Turned a quarter clockwise, what was left is above.
    assertThat(picture.getRGB(60, 20) & 0xff0000).isGreaterThan(0xe00000);
    assertThat(picture.getRGB(60, 220) & 0xff).isGreaterThan(0xe0);
  }

  @Test
  void staysTransparent() throws IOException {
    Made.Thumbnail made = made(Pictures.transparentPng(1000, 500), size(320, 240, Method.SCALE));
    BufferedImage picture = ImageIO.read(new ByteArrayInputStream(made.bytes()));

    assertThat(made.contentType()).isEqualTo("image/png");
    assertThat(picture.getRGB(10, 10) >>> 24).isEqualTo(255);
    assertThat(picture.getRGB(310, 10) >>> 24).isBetween(100, 150);
  }

  @Test
  void webpIsRead() throws IOException {
    assertThat(dimensions(picture(Pictures.webp(800, 600), size(320, 240, Method.SCALE))))
        .isEqualTo("320x240");
    assertThat(make(Pictures.lossyWebp(1, 1, 0), size(32, 32, Method.CROP)))
        .isEqualTo(new Made.Original("image/webp"));
    assertThat(dimensions(picture(Pictures.lossyWebp(200, 100, 500), size(32, 32, Method.CROP))))
        .isEqualTo("32x32");
  }

  @Test
  void movesOnlyWhereAsked() throws IOException {
    byte[] gif = Pictures.gif(400, 300, 5);

    assertThat(made(gif, size(320, 240, Method.SCALE)).contentType()).isEqualTo("image/jpeg");
    Made.Thumbnail moving = made(gif, new ThumbnailSize(320, 240, Method.SCALE, true));

    assertThat(moving.contentType()).isEqualTo("image/gif");
    ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
    reader.setInput(ImageIO.createImageInputStream(new ByteArrayInputStream(moving.bytes())));
    assertThat(reader.getNumImages(true)).isEqualTo(5);
    assertThat(reader.getWidth(0)).isEqualTo(320);
    assertThat(reader.read(1).getRGB(5, 5) & 0xffffff).isEqualTo(0x0000ff);
    assertThat(new String(moving.bytes(), ISO_8859_1)).contains("NETSCAPE2.0");
  }

  @Test
  void whatMovesIsNotGivenAsItIsUnlessAsked() throws IOException {
    byte[] gif = Pictures.gif(40, 30, 5);

    assertThat(make(gif, size(320, 240, Method.SCALE))).isInstanceOf(Made.Thumbnail.class);
    assertThat(make(gif, new ThumbnailSize(320, 240, Method.SCALE, true)))
        .isEqualTo(new Made.Original("image/gif"));
  }

  @Test
  void tenThousandFramesAreOne() throws IOException {
    Made.Thumbnail made =
        made(Pictures.gif(100, 100, 10_000), new ThumbnailSize(32, 32, Method.CROP, true));

    assertThat(made.contentType()).isEqualTo("image/jpeg");
  }

  @Test
  void ofALargePictureEverySecondLineIsEnough() throws IOException {
    assertThat(dimensions(picture(Pictures.jpeg(8000, 6000), size(800, 600, Method.SCALE))))
        .isEqualTo("800x600");
  }

  @Test
  void takesNoLongerThanItMay() throws IOException {
    ThumbnailMaker hurried = new ThumbnailMaker(Duration.ofNanos(1));
    Path file = Files.write(folder.resolve("file"), Pictures.png(1000, 1000));

    assertThat(hurried.make(file, size(320, 240, Method.SCALE))).isInstanceOf(Made.TooLarge.class);
  }

  @Test
  void ofAllThatMayBeAskedForFewAreMade() {
    assertThat(
            java.util.stream.IntStream.rangeClosed(1, 1600)
                .boxed()
                .flatMap(width ->
                    java.util.stream.IntStream.of(1, 7, 32, 100, 333, 600, 1200)
                        .boxed()
                        .flatMap(height ->
                            java.util.stream.Stream.of(
                                size(width, height, Method.SCALE),
                                size(width, height, Method.CROP))))
                .distinct())
        .hasSizeLessThan(200);
  }
}
