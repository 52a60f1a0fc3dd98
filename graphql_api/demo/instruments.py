"""The microscope of the demo's stacks, put into their OME-XML so that the acquisition tab tells.

The program that writes the pixels knows no instruments: its text is completed afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_INSTRUMENT = """<Instrument ID="Instrument:0">
<Microscope Type="Inverted" Manufacturer="Demo Optics" Model="Spinner 3"/>
<Laser ID="LightSource:0" Manufacturer="Demo Optics" Model="Blue 60" Power="60" Type="SolidState"/>
<Detector ID="Detector:0" Manufacturer="Demo Optics" Model="Camera 7" Type="CMOS"/>
<Objective ID="Objective:0" Model="Plan Apo 60x" Manufacturer="Demo Optics" Immersion="Oil"
 Correction="PlanApo" LensNA="1.4" NominalMagnification="60"/>
</Instrument>"""
_IMAGE = """<InstrumentRef ID="Instrument:0"/>
<ObjectiveSettings ID="Objective:0" Medium="Oil" RefractiveIndex="1.515"/>
<ImagingEnvironment Temperature="37" Humidity="0.6" CO2Percent="0.05"/>"""
_CHANNEL = """<LightSourceSettings ID="LightSource:0" Attenuation="0.4"/>
<DetectorSettings ID="Detector:0" Binning="1x1" Gain="2"/>"""


def tell_instrument(path: Path) -> None:
    """Complete the OME-XML of a file that was just written, and holds one image."""
    import tifffile

    text = tifffile.tiffcomment(path)
    assert isinstance(text, str)
    for mark, before in (("<Image ", _INSTRUMENT), ("<Pixels ", _IMAGE), ("<LightPath", _CHANNEL)):
        text = text.replace(mark, before + mark)
    tifffile.tiffcomment(path, comment=text.encode())
