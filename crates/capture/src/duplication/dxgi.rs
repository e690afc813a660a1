//! The calls into Windows: DXGI duplicates a monitor, Direct3D 11 brings its pixels into memory.
//!
//! Everything is made, used and let go of on one thread.

#![expect(unsafe_code, reason = "DXGI and Direct3D are C++ interfaces")]

use std::time::Duration;

use aldis_screen::Rect;
use windows::Win32::Foundation::{HMODULE, RECT};
use windows::Win32::Graphics::Direct3D::D3D_DRIVER_TYPE_UNKNOWN;
use windows::Win32::Graphics::Direct3D11::{
    D3D11_BOX, D3D11_CPU_ACCESS_READ, D3D11_CREATE_DEVICE_BGRA_SUPPORT, D3D11_MAP_READ,
    D3D11_MAPPED_SUBRESOURCE, D3D11_SDK_VERSION, D3D11_TEXTURE2D_DESC, D3D11_USAGE_STAGING,
    D3D11CreateDevice, ID3D11Device, ID3D11DeviceContext, ID3D11Texture2D,
};
use windows::Win32::Graphics::Dxgi::Common::{
    DXGI_FORMAT_B8G8R8A8_UNORM, DXGI_MODE_ROTATION_ROTATE90, DXGI_MODE_ROTATION_ROTATE180,
    DXGI_MODE_ROTATION_ROTATE270, DXGI_SAMPLE_DESC,
};
use windows::Win32::Graphics::Dxgi::{
    CreateDXGIFactory1, DXGI_ERROR_WAIT_TIMEOUT, DXGI_OUTDUPL_FRAME_INFO, DXGI_OUTDUPL_MOVE_RECT,
    DXGI_OUTDUPL_POINTER_SHAPE_INFO, IDXGIAdapter1, IDXGIFactory1, IDXGIOutput, IDXGIOutput1,
    IDXGIOutputDuplication, IDXGIResource,
};
use windows::core::{Error, Interface as _};

use super::shape::RawShape;
use super::{Duplication, Edges, FrameInfo, PointerPlace};
use crate::feed::tap::Refusal;
use crate::pixels::{Rows, Turn};

/// The most graphics cards, and monitors at each, that are looked through.
const MAX_COUNT: u32 = 32;

/// A monitor that Windows duplicates for us.
pub(super) struct Dxgi {
    device: ID3D11Device,
    context: ID3D11DeviceContext,
    duplication: IDXGIOutputDuplication,
    turn: Turn,
    /// The frame that we hold.
    surface: Option<Texture>,
    /// Where the processor reads what the graphics card has copied.
    staging: Option<Texture>,
}

/// Pixels on the graphics card.
struct Texture {
    texture: ID3D11Texture2D,
    size: (u32, u32),
}

impl Dxgi {
    /// Duplicates the monitor with this handle.
    pub(super) fn open(monitor: u32) -> Result<Self, Refusal> {
        let (adapter, output) = find(monitor)?;
        let (device, context) = device(&adapter)?;
        let output: IDXGIOutput1 = output.cast().map_err(refused)?;
        // SAFETY: the device was made for the card that the monitor is connected to.
        let duplication = unsafe { output.DuplicateOutput(&device) }.map_err(refused)?;
        // SAFETY: it only fills a record.
        let rotation = unsafe { duplication.GetDesc() }.Rotation;
        let quarters = match rotation {
            DXGI_MODE_ROTATION_ROTATE90 => 1,
            DXGI_MODE_ROTATION_ROTATE180 => 2,
            DXGI_MODE_ROTATION_ROTATE270 => 3,
            _ => 0,
        };
        Ok(Self {
            device,
            context,
            duplication,
            turn: Turn::clockwise(quarters),
            surface: None,
            staging: None,
        })
    }

    fn held(&self) -> Result<&Texture, Refusal> {
        let none = || Refusal::Failed("there is no frame".to_owned());
        self.surface.as_ref().ok_or_else(none)
    }

    fn make_staging(&self, size: (u32, u32)) -> Result<Texture, Refusal> {
        let wanted = D3D11_TEXTURE2D_DESC {
            Width: size.0,
            Height: size.1,
            MipLevels: 1,
            ArraySize: 1,
            Format: DXGI_FORMAT_B8G8R8A8_UNORM,
            SampleDesc: DXGI_SAMPLE_DESC {
                Count: 1,
                Quality: 0,
            },
            Usage: D3D11_USAGE_STAGING,
            BindFlags: 0,
            CPUAccessFlags: D3D11_CPU_ACCESS_READ.0.cast_unsigned(),
            MiscFlags: 0,
        };
        let mut texture = None;
        // SAFETY: both point to what they should for the time of the call.
        let made = unsafe {
            self.device
                .CreateTexture2D(&raw const wanted, None, Some(&raw mut texture))
        };
        made.map_err(refused)?;
        let texture = texture.ok_or_else(|| Refusal::Failed("no memory to read".to_owned()))?;
        Ok(Texture { texture, size })
    }
}

/// The monitor with this handle, and the card that it is connected to.
fn find(monitor: u32) -> Result<(IDXGIAdapter1, IDXGIOutput), Refusal> {
    // SAFETY: it takes nothing.
    let factory: IDXGIFactory1 = unsafe { CreateDXGIFactory1() }.map_err(refused)?;
    for number in 0..MAX_COUNT {
        // SAFETY: a number without a card is an error.
        let Ok(adapter) = (unsafe { factory.EnumAdapters1(number) }) else {
            break;
        };
        for number in 0..MAX_COUNT {
            // SAFETY: a number without a monitor is an error.
            let Ok(output) = (unsafe { adapter.EnumOutputs(number) }) else {
                break;
            };
            // SAFETY: it only fills a record.
            let is_it = unsafe { output.GetDesc() }.is_ok_and(|output| {
                // The id is what fits of the handle, as xcap gives it.
                output.AttachedToDesktop.as_bool() && output.Monitor.0 as u32 == monitor
            });
            if is_it {
                return Ok((adapter, output));
            }
        }
    }
    Err(Refusal::Unsupported(
        "no graphics card shows this monitor".to_owned(),
    ))
}

fn device(adapter: &IDXGIAdapter1) -> Result<(ID3D11Device, ID3D11DeviceContext), Refusal> {
    let (mut device, mut context) = (None, None);
    // SAFETY: the pointers are to places for what is made, and the adapter is alive.
    let made = unsafe {
        D3D11CreateDevice(
            adapter,
            D3D_DRIVER_TYPE_UNKNOWN,
            HMODULE::default(),
            D3D11_CREATE_DEVICE_BGRA_SUPPORT,
            None,
            D3D11_SDK_VERSION,
            Some(&raw mut device),
            None,
            Some(&raw mut context),
        )
    };
    made.map_err(refused)?;
    device
        .zip(context)
        .ok_or_else(|| Refusal::Unsupported("Direct3D made no device".to_owned()))
}

impl Duplication for Dxgi {
    fn turn(&self) -> Turn {
        self.turn
    }

    fn acquire(&mut self, limit: Duration) -> Result<Option<FrameInfo>, Refusal> {
        // As late as this: while a frame is held Windows gathers what follows without copying it.
        if self.surface.take().is_some() {
            // SAFETY: a frame is held.
            unsafe { self.duplication.ReleaseFrame() }.map_err(refused)?;
        }
        let limit = u32::try_from(limit.as_millis()).unwrap_or(u32::MAX - 1);
        let mut info = DXGI_OUTDUPL_FRAME_INFO::default();
        let mut resource: Option<IDXGIResource> = None;
        // SAFETY: both are places for what is told, and no frame is held.
        let acquired = unsafe {
            self.duplication
                .AcquireNextFrame(limit, &raw mut info, &raw mut resource)
        };
        match acquired {
            Err(error) if error.code() == DXGI_ERROR_WAIT_TIMEOUT => return Ok(None),
            Err(error) => return Err(refused(error)),
            Ok(()) => {}
        }
        let resource = resource.ok_or_else(|| Refusal::Failed("a frame is empty".to_owned()))?;
        let texture: ID3D11Texture2D = resource.cast().map_err(refused)?;
        let mut desc = D3D11_TEXTURE2D_DESC::default();
        // SAFETY: it only fills a record.
        unsafe { texture.GetDesc(&raw mut desc) };
        self.surface = Some(Texture {
            texture,
            size: (desc.Width, desc.Height),
        });
        if desc.Format != DXGI_FORMAT_B8G8R8A8_UNORM {
            let format = desc.Format.0;
            return Err(Refusal::Unsupported(format!(
                "its pixels are of kind {format}"
            )));
        }
        let pointer = info.PointerPosition;
        Ok(Some(FrameInfo {
            presented: info.LastPresentTime != 0,
            records: info.TotalMetadataBufferSize,
            pointer: (info.LastMouseUpdateTime != 0).then_some(PointerPlace {
                visible: pointer.Visible.as_bool(),
                corner: (pointer.Position.x, pointer.Position.y),
            }),
            shape: info.PointerShapeBufferSize,
        }))
    }

    fn size(&self) -> (u32, u32) {
        self.surface.as_ref().map_or((0, 0), |it| it.size)
    }

    fn moves(&mut self, bytes: u32) -> Result<Vec<Edges>, Refusal> {
        let mut records = records::<DXGI_OUTDUPL_MOVE_RECT>(bytes);
        let mut filled = 0;
        // SAFETY: `records` has room for at least `bytes` bytes.
        let told = unsafe {
            self.duplication
                .GetFrameMoveRects(bytes, records.as_mut_ptr(), &raw mut filled)
        };
        told.map_err(refused)?;
        let count = filled as usize / size_of::<DXGI_OUTDUPL_MOVE_RECT>();
        let moved = records.iter().take(count);
        Ok(moved.map(|it| it.DestinationRect.into()).collect())
    }

    fn dirty(&mut self, bytes: u32) -> Result<Vec<Edges>, Refusal> {
        let mut records = records::<RECT>(bytes);
        let mut filled = 0;
        // SAFETY: `records` has room for at least `bytes` bytes.
        let told = unsafe {
            self.duplication
                .GetFrameDirtyRects(bytes, records.as_mut_ptr(), &raw mut filled)
        };
        told.map_err(refused)?;
        let count = filled as usize / size_of::<RECT>();
        Ok(records.iter().take(count).map(|it| (*it).into()).collect())
    }

    fn shape(&mut self, bytes: u32) -> Result<RawShape, Refusal> {
        let mut info = DXGI_OUTDUPL_POINTER_SHAPE_INFO::default();
        let mut shape = vec![0; bytes as usize];
        let mut filled = 0;
        // SAFETY: `shape` has room for `bytes` bytes, the others are places for what is told.
        let told = unsafe {
            self.duplication.GetFramePointerShape(
                bytes,
                shape.as_mut_ptr().cast(),
                &raw mut filled,
                &raw mut info,
            )
        };
        told.map_err(refused)?;
        shape.truncate(filled as usize);
        Ok(RawShape {
            kind: info.Type,
            width: info.Width,
            height: info.Height,
            pitch: info.Pitch,
            hot: (info.HotSpot.x, info.HotSpot.y),
            bytes: shape,
        })
    }

    fn read(&mut self, parts: &[Rect], show: &mut dyn FnMut(&dyn Rows)) -> Result<(), Refusal> {
        let size = self.held()?.size;
        let staging = match self.staging.take().filter(|it| it.size == size) {
            Some(staging) => staging,
            None => self.make_staging(size)?,
        };
        let surface = self.held()?;
        for part in parts {
            let region = D3D11_BOX {
                left: part.x,
                top: part.y,
                front: 0,
                right: part.right(),
                bottom: part.bottom(),
                back: 1,
            };
            // SAFETY: both textures are alive, of one device, one size and one format; a box outside is ignored.
            unsafe {
                self.context.CopySubresourceRegion(
                    &staging.texture,
                    0,
                    part.x,
                    part.y,
                    0,
                    &surface.texture,
                    0,
                    Some(&raw const region),
                );
            }
        }
        let mut mapped = D3D11_MAPPED_SUBRESOURCE::default();
        // SAFETY: the texture was made to be read by the processor, and is not mapped.
        let done = unsafe {
            self.context.Map(
                &staging.texture,
                0,
                D3D11_MAP_READ,
                0,
                Some(&raw mut mapped),
            )
        };
        done.map_err(refused)?;
        show(&Mapped {
            pixels: mapped.pData.cast_const().cast(),
            pitch: mapped.RowPitch as usize,
            size,
        });
        // SAFETY: it is mapped, and what was shown of it is no longer used.
        unsafe { self.context.Unmap(&staging.texture, 0) };
        self.staging = Some(staging);
        Ok(())
    }
}

/// Pixels that the processor may read while this is there.
struct Mapped {
    pixels: *const u8,
    pitch: usize,
    size: (u32, u32),
}

impl Rows for Mapped {
    fn size(&self) -> (u32, u32) {
        self.size
    }

    fn read(&self, x: u32, y: u32, row: &mut [u8]) {
        let (width, height) = self.size;
        let end = x as usize * 4 + row.len();
        if y >= height || end > width as usize * 4 || end > self.pitch {
            return;
        }
        // SAFETY: Direct3D has mapped `height` rows of `pitch` bytes here, the bytes lie within row `y`, and `row` is
        // memory of our own.
        unsafe {
            let from = self.pixels.add(y as usize * self.pitch + x as usize * 4);
            std::ptr::copy_nonoverlapping(from, row.as_mut_ptr(), row.len());
        }
    }
}

impl From<RECT> for Edges {
    fn from(rect: RECT) -> Self {
        Self {
            left: rect.left,
            top: rect.top,
            right: rect.right,
            bottom: rect.bottom,
        }
    }
}

/// Room for so many bytes of records.
fn records<T: Clone + Default>(bytes: u32) -> Vec<T> {
    vec![T::default(); (bytes as usize).div_ceil(size_of::<T>())]
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "errors are mapped where they come up"
)]
fn refused(error: Error) -> Refusal {
    super::refusal(error.code().0.cast_unsigned(), error.to_string())
}
