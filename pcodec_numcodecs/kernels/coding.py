"""The two kernels between pages and what is in them; a part of the protocol that each twin fulfils."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .streams import ChunkPages, DecodeStream, EncodeStream, Recipe, Rows, UsualChunk

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Latents = npt.NDArray[np.unsignedinteger[Any]]


class Coding(Protocol):
    """Pages to numbers, and latents to pages."""

    def decode_pages(
        self,
        data: npt.NDArray[np.uint8],
        starts: I64,
        numbers: I64,
        wanted: I64,
        streams: tuple[DecodeStream, ...],
        recipes: tuple[Recipe, ...],
        out: Latents,
        rows: Rows,
    ) -> tuple[I64, I64]:
        """Decode pages to numbers.

        Parameters
        ----------
        data
            Bytes in which all pages lie.
        starts
            Byte at which each lane's page begins. Its page metadata are there.
        numbers
            Numbers in each lane's page.
        wanted
            Numbers to make of each lane, from its start.
        streams
            The latent variables in the order of the wire: lookbacks, if any; primary; secondary, if the mode has any.
        recipes
            How latents become numbers, for the lanes of one Pco chunk after another.
        out
            Flat array of the latent dtype, to be filled with the bits of numbers.
        rows
            Where in `out` the numbers of lanes go.

        Returns
        -------
        Bit at which each lane ended; a lane that needed more than there is ends beyond the data. And the faults, shape
        (lanes, 2): `streams.SOUND`, or what is wrong and the first value that is. What `out` gets of a lane that is not
        sound is arbitrary.
        """

    def open_usual_chunk(
        self, source: npt.NDArray[np.uint8], start: int, bits: int, mantissa_bits: int, signed: bool
    ) -> UsualChunk | None:
        """Read the metadata of a Pco chunk, where a twin has a short way for such a chunk.

        Parameters
        ----------
        source, start
            Bytes that hold the metadata, and where these begin, in a version with several delta encodings.
        bits, mantissa_bits, signed
            Of the numbers, the latter as in `Recipe`.

        Returns
        -------
        What `decode_usual_chunk` needs; None where there is no short way for the chunk, or something is wrong with it.
        """

    def decode_usual_chunk(self, chunk: UsualChunk, pages: ChunkPages, out: Latents, rows: Rows) -> I64 | None:
        """Decode whole pages of a chunk that `open_usual_chunk` of any twin returned.

        Parameters
        ----------
        pages
            More bytes may follow each.
        out, rows
            As in `decode_pages`.

        Returns
        -------
        Byte after the last of each page; None where nothing was decoded, because this twin has no short way or because
        something is wrong with a page. What is in `out` then is arbitrary.
        """

    def decode_usual_file(
        self,
        data: npt.NDArray[np.uint8],
        place: int,
        type_byte: int,
        mantissa_bits: int,
        signed: bool,
        out: Latents,
        done: int,
    ) -> tuple[int, int]:
        """Decode the chunks of a .pco file, one after the other, as long as a twin has a short way.

        Parameters
        ----------
        data
            The file, of a version with several delta encodings.
        place
            Byte at which the header of the next chunk begins.
        type_byte, mantissa_bits, signed
            What headers of chunks say of the type of `out`; and of the numbers, as in `Recipe`.
        out, done
            For the bits of numbers, of the latent dtype; and how many numbers are there.

        Returns
        -------
        Byte at which the header begins of the first chunk that was not decoded, because it has none or is of another
        type, has more numbers than there is room for, is not usual, or something is wrong with it; and how many numbers
        there are then. What is in `out` behind them is arbitrary.
        """

    def encode_pages(self, streams: tuple[EncodeStream, ...], words: U64) -> tuple[I64, I64]:
        """Encode pages, page metadata included.

        Parameters
        ----------
        streams
            The latent variables in the order of the wire.
        words
            Large enough for all pages, whatever is in them; see `pcodec_numcodecs.bits.word_bytes`. What is behind
            the last page then is arbitrary.

        Returns
        -------
        First byte of each lane's page, and the byte after its last.
        """
