package org.hearth.server.services.media.thumbnail;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadProgressListener;

/// Decodes a picture whose head was read, in as many pixels as there is memory for: of a larger one
/// every second or third.
///
/// **thread**: one.
final class Decoder implements AutoCloseable {
  /// What the decoded pixels of one picture may take.
  private static final long MOST_BYTES = 40L << 20;

  private final Picture picture;
  private final Budget budget;
  private final PiecesInput input;
  private final ImageReader reader;

  Decoder(Picture picture, SourceFile file) throws IOException {
    this.picture = picture;
    this.budget = file.budget();
    this.input = new PiecesInput(file, picture.shown());
    this.reader = reader(picture.kind());
    reader.setInput(input, false, true);
    reader.addIIOReadProgressListener(new Watch());
  }

  /// Java's own readers, and that of WebP; whatever else calls itself one on the class path is not
  /// asked.
  private static ImageReader reader(Picture.Kind kind) throws IOException {
    if (kind == Picture.Kind.WEBP) {
      return new WebPImageReaderSpi().createReaderInstance();
    }
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(kind.format());
    while (readers.hasNext()) {
      ImageReader each = readers.next();
      if (each.getClass().getName().startsWith("com.sun.imageio.")) {
        return each;
      }
      each.dispose();
    }
    throw new IllegalStateException("Java reads no " + kind.format());
  }

  /// The first or only picture.
  BufferedImage first() throws IOException {
    ImageReadParam param = reader.getDefaultReadParam();
    if (picture.kind() == Picture.Kind.GIF) {
      return frame(0);
    }
    if (picture.kind() != Picture.Kind.WEBP) {
      int every = every();
      param.setSourceSubsampling(every, every, 0, 0);
    }
    if (reader.getWidth(0) != picture.width() || reader.getHeight(0) != picture.height()) {
      throw Refused.unreadable("the picture has another size than its head says");
    }
    return reader.read(0, param);
  }

  /// A frame of a GIF.
  BufferedImage frame(int index) throws IOException {
    GifHead.Frame frame = picture.frames().get(index);
    if (reader.getWidth(index) != frame.width() || reader.getHeight(index) != frame.height()) {
      throw Refused.unreadable("a frame has another size than its head says");
    }
    return reader.read(index);
  }

  private int every() {
    int every = 1;
    while (picture.pixels() / ((long) every * every) * picture.bytesPerPixel() > MOST_BYTES) {
      every++;
    }
    return every;
  }

  @Override
  public void close() throws IOException {
    reader.dispose();
    input.close();
  }

  /// Is told of each line, and ends the decoding when it has taken too long: what is decompressed a
  /// thousand times takes long without anything being read.
  private final class Watch implements IIOReadProgressListener {
    @Override
    public void imageProgress(ImageReader source, float percentageDone) {
      if (budget.isExceeded()) {
        throw new TooSlow();
      }
    }

    @Override
    public void sequenceStarted(ImageReader source, int minIndex) {}

    @Override
    public void sequenceComplete(ImageReader source) {}

    @Override
    public void imageStarted(ImageReader source, int imageIndex) {}

    @Override
    public void imageComplete(ImageReader source) {}

    @Override
    public void thumbnailStarted(ImageReader source, int imageIndex, int thumbnailIndex) {}

    @Override
    public void thumbnailProgress(ImageReader source, float percentageDone) {}

    @Override
    public void thumbnailComplete(ImageReader source) {}

    @Override
    public void readAborted(ImageReader source) {}
  }

  /// Leaves a decoder in the middle.
  static final class TooSlow extends RuntimeException {
    private static final long serialVersionUID = 1;

    TooSlow() {
      super("the picture takes too long, or too much memory", null, false, false);
    }
  }
}
