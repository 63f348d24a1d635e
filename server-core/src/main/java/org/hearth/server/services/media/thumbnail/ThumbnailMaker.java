package org.hearth.server.services.media.thumbnail;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Makes thumbnails of files that anybody may have sent.
///
/// ```
///  file ──► head: kind, size, what the decoder may see ──► decoder ──► scaled, upright ──► bytes
///             │ refuses what claims too much                 │ every second line of a large one
/// ```
///
/// Before anything is decoded, the head says what that would cost, and the decoder sees only what a
/// picture is made of: no metadata, no profiles, nothing behind the end. While it decodes, time and
/// memory are looked at with each line, and with the reads.
///
/// **bound**: [#TIME] and [#MOST_ALLOCATED]. **thread**: one call at a time for each thread that
/// has that memory.
public final class ThumbnailMaker {
  /// How long one may take.
  public static final Duration TIME = Duration.ofSeconds(4);

  /// What all frames of a GIF may have together where it moves.
  private static final long MOST_PIXELS_OF_FRAMES = 60_000_000;

  /// What all frames of a thumbnail that moves may have together: each gets colours of its own.
  private static final long MOST_PIXELS_THAT_MOVE = 6_000_000;

  /// A picture that cannot be decoded within the bounds, but is small as a file and no burden for a
  /// screen, is its own thumbnail.
  private static final long MOST_BYTES_OF_ORIGINAL = 2 << 20;

  /// What all that is allocated for one may take together.
  private static final long MOST_ALLOCATED = 200L << 20;

  private final Duration time;

  /// Nothing in this program shows windows by Java's AWT, whose display would be looked for
  /// otherwise when the first picture is scaled.
  public ThumbnailMaker() {
    this(TIME);
  }

  ThumbnailMaker(Duration time) {
    this.time = time;
    if (System.getProperty("java.awt.headless") == null) {
      var _ = System.setProperty("java.awt.headless", "true");
    }
  }

  /// Makes one.
  ///
  /// @param size one of those that are made ([ThumbnailSize#made])
  /// @throws IOException if the file cannot be read
  public Made make(Path file, ThumbnailSize size) throws IOException {
    try (SourceFile source = SourceFile.open(file, Budget.of(time, MOST_ALLOCATED))) {
      try {
        return make(source, size);
      } catch (Refused e) {
        return e.isTooLarge() ? new Made.TooLarge(words(e)) : new Made.NotPossible(words(e));
      } catch (Budget.Exceeded | Decoder.TooSlow e) {
        return new Made.TooLarge(words(e));
      } catch (IOException | RuntimeException | StackOverflowError e) {
        source.checkRead();
        // Decoders answer damaged pictures with all kinds of exceptions.
        return new Made.NotPossible(words(e));
      }
    }
  }

  private static String words(Throwable failure) {
    return String.valueOf(failure.getMessage());
  }

  private static Made make(SourceFile source, ThumbnailSize size) throws IOException {
    Picture picture = Heads.read(source);
    Scaling.Target target = Scaling.target(picture.shownWidth(), picture.shownHeight(), size);
    // "When false, the server MUST NOT return an animated thumbnail."
    if (!target.isSmaller() && (size.animated() || !picture.animated())) {
      return new Made.Original(picture.kind().contentType());
    }
    if (picture.kind() == Picture.Kind.WEBP
        && picture.pixels() * picture.bytesPerPixel() > MOST_ALLOCATED) {
      return !picture.animated() && source.length() <= MOST_BYTES_OF_ORIGINAL
          ? new Made.Original(picture.kind().contentType())
          : new Made.TooLarge("the picture has too many pixels for its format");
    }
    try (Decoder decoder = new Decoder(picture, source)) {
      if (size.animated()) {
        Optional<Made> moving = moving(picture, decoder, size, target, source.budget());
        if (moving.isPresent()) {
          return moving.get();
        }
      }
      BufferedImage decoded = decoder.first();
      BufferedImage whole =
          picture.frames().isEmpty()
              ? decoded
              : onCanvas(picture, picture.frames().getFirst(), decoded);
      BufferedImage scaled = Scaling.of(whole, picture.orientation(), size.method(), target);
      return scaled.getColorModel().hasAlpha()
          ? new Made.Thumbnail(Writing.png(scaled), "image/png")
          : new Made.Thumbnail(Writing.jpeg(scaled), "image/jpeg");
    }
  }

  private static BufferedImage onCanvas(
      Picture picture, GifHead.Frame frame, BufferedImage decoded) {
    if (frame.width() == picture.width() && frame.height() == picture.height()) {
      return decoded;
    }
    BufferedImage canvas = canvas(picture);
    Scaling.draw(decoded, canvas, frame.left(), frame.top());
    return canvas;
  }

  private static BufferedImage canvas(Picture picture) {
    return new BufferedImage(picture.width(), picture.height(), BufferedImage.TYPE_INT_ARGB);
  }

  /// "When `true`, the server SHOULD return an animated thumbnail if possible and supported."
  ///
  /// @return empty where it is not, or would cost too much
  private static Optional<Made> moving(
      Picture picture, Decoder decoder, ThumbnailSize size, Scaling.Target target, Budget budget)
      throws IOException {
    long frames = picture.frames().size();
    if (frames < 2
        || frames * picture.pixels() > MOST_PIXELS_OF_FRAMES
        || frames * target.width() * target.height() > MOST_PIXELS_THAT_MOVE) {
      return Optional.empty();
    }
    List<Writing.Moving> moving = new ArrayList<>();
    BufferedImage canvas = canvas(picture);
    for (int i = 0; i < frames; i++) {
      budget.check();
      GifHead.Frame frame = picture.frames().get(i);
      BufferedImage before = canvas(picture);
      canvas.copyData(before.getRaster());
      Scaling.draw(decoder.frame(i), canvas, frame.left(), frame.top());
      moving.add(new Writing.Moving(Scaling.of(canvas, 1, size.method(), target), frame.delay()));
      if (frame.disposal() == 3) {
        canvas = before;
      } else if (frame.disposal() == 2) {
        clear(canvas, frame);
      }
    }
    return Optional.of(new Made.Thumbnail(Writing.gif(moving, budget), "image/gif"));
  }

  private static void clear(BufferedImage canvas, GifHead.Frame frame) {
    int[] nothing = new int[frame.width()];
    for (int line = frame.top(); line < frame.top() + frame.height(); line++) {
      canvas.setRGB(frame.left(), line, frame.width(), 1, nothing, 0, frame.width());
    }
  }
}
